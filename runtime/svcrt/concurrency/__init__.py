"""The seam to eventlet and native threads: `backend(name)` returns the one that is asked for and imports no other."""

import importlib
from collections.abc import Callable, Iterable
from typing import Protocol, cast

from svcrt.types import Concurrency

__all__ = ["Backend", "Connector", "Poller", "backend"]

_MODULES = {"green": "svcrt.concurrency.green", "threads": "svcrt.concurrency.threads"}


class Connector(Protocol):
    """A connected, non-blocking TCP socket of the operating system, never one of eventlet's."""

    def fileno(self) -> int:
        """Return the descriptor."""

    def recv(self, size: int, /) -> bytes:
        """Read what is there, up to `size` bytes; BlockingIOError when there is nothing."""

    def send(self, data: bytes | memoryview, /) -> int:
        """Write what fits; BlockingIOError when nothing does."""

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        """Set an integer option."""

    def close(self) -> None:
        """Close it."""


class Poller(Protocol):
    """How one task waits for its descriptor, for others and for time at once. Only `wake` may be called by others."""

    def wait(self, descriptor: int | None, *, read: bool = True, write: bool, timeout: float) -> None:
        """Wait until the descriptor can be read or written, `wake` was called or `timeout` s are over.

        Args:
            descriptor: None to wait for the rest only.
            read: whether to wait for something to read.
            write: whether to wait for room to write.
            timeout: in seconds.

        May return early without a reason.
        """

    def serve(self, descriptor: int, on_readable: Callable[[], bool], *, write: bool, timeout: float) -> None:
        """Wait as `wait` does, but have `on_readable()` called whenever there is something to read.

        It runs where it costs least (in the hub's own turn, in this thread) and must neither wait nor raise. It may
        hand over to tasks that wait for a `Baton`. Returns when it has returned True, on a wake-up, on room to write
        if that was asked for, or when `timeout` s are over.
        """

    def defer(self, callback: Callable[[], None], at_once: Callable[[float], bool]) -> None:
        """Have `callback()`, which must neither wait nor raise, called soon; from any task.

        That is after the present `on_readable`, or at the next turn, so that all that happens there leaves in one
        write; but at once if `at_once(seconds)` says that there was none for so long: what waits behind a handler that
        computes must not wait for all the others.
        """

    def wake(self) -> None:
        """Make the present `wait` or `serve`, or the next one, return. Never blocks; harmless after `close`."""

    def close(self) -> None:
        """Let go of what it holds."""


class Backend(Concurrency, Protocol):
    """A back end with what the link and the process entry points need beyond `Concurrency`."""

    def poller(self) -> Poller:
        """Return a new `Poller`; its `wait` belongs to one task."""

    def connect(self, host: str, port: int, *, timeout: float) -> Connector:
        """Connect to the first address of `host` that answers, within `timeout` s in all; raises OSError."""

    def beside(self, function: Callable[[], float]) -> Callable[[], None]:
        """Call `function` again and again, each time after the seconds that it returned, whatever user code does.

        It runs in a native thread and must use nothing that is green: no logging, none of the other things here.
        Where tasks are native threads nothing holds them up, and it is not called.

        Returns:
            What ends that.
        """

    def on_signal(self, numbers: Iterable[int], callback: Callable[[int], None]) -> Callable[[], None]:
        """Call `callback(number)` in a task of its own when the process gets one of these signals.

        An idle process acts at once. Call it from the main thread; returns what restores the former handlers.
        """


def backend(name: str) -> Backend:
    """Return the back end called `green` (eventlet) or `threads` (native threads), always the same object.

    Raises:
        ValueError: there is no such back end.
    """
    module = _MODULES.get(name)
    if module is None:
        raise ValueError(f"there is no concurrency back end `{name}`; there are: {', '.join(sorted(_MODULES))}")
    return cast("Backend", importlib.import_module(module).BACKEND)
