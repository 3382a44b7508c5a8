from collections.abc import Callable

from svcgen.lsp.debouncer import Debouncer


class Clock:
    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay: float, call: Callable[[], None]) -> "Cancel":
        entry = (delay, call)
        self.waiting.append(entry)
        return Cancel(self, entry)


class Cancel:
    def __init__(self, clock: Clock, entry: tuple[float, Callable[[], None]]) -> None:
        self._clock, self._entry = clock, entry

    def cancel(self) -> None:
        self._clock.waiting.remove(self._entry)


def test_only_the_last_of_many_requests_is_made() -> None:
    clock, made = Clock(), list[str]()
    debouncer = Debouncer(clock.call_later, 0.5)
    for text in ("a", "b", "c"):
        debouncer.request("file", lambda text=text: made.append(text))  # type: ignore[misc]
    debouncer.request("other", lambda: made.append("other"))
    assert [delay for delay, _ in clock.waiting] == [0.5, 0.5]
    for _, call in list(clock.waiting):
        call()
    assert made == ["c", "other"]
    debouncer.cancel("file")
