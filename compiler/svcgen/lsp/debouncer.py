"""Runs something once a moment of quiet has passed."""

from collections.abc import Callable
from typing import Protocol


class Handle(Protocol):
    """A call that waits, as asyncio.TimerHandle."""

    def cancel(self) -> None:
        """Do not make the call."""


class Debouncer:
    """Delays a call, and starts the delay anew with each further request."""

    def __init__(self, call_later: Callable[[float, Callable[[], None]], Handle], delay: float) -> None:
        """Take what schedules a call, as `loop.call_later`, and the quiet to wait for, in seconds."""
        self._call_later = call_later
        self._delay = delay
        self._waiting: dict[str, Handle] = {}

    def request(self, name: str, call: Callable[[], None]) -> None:
        """Make `call` after the delay, in place of one of the same name that waits."""
        self.cancel(name)
        self._waiting[name] = self._call_later(self._delay, lambda: self._run(name, call))

    def cancel(self, name: str) -> None:
        """Forget a call that waits, if there is one."""
        waiting = self._waiting.pop(name, None)
        if waiting is not None:
            waiting.cancel()

    def _run(self, name: str, call: Callable[[], None]) -> None:
        del self._waiting[name]
        call()
