"""What the rooms of the runtime know of running beside each other: tasks, flags, channels, batons. Protocols only."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from socket import socket
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Task(Protocol):
    """Something that runs beside us: a green thread or a native one."""

    def join(self, timeout: float | None = None) -> bool:
        """Wait until it has ended, at most `timeout` seconds; tell whether it has."""

    def kill(self) -> None:
        """End it where the back end can (green threads); native threads are left to end by themselves."""

    def interrupt(self, error: BaseException) -> bool:
        """Raise `error` in it where it waits, where the back end can; tell whether it can (green threads only)."""


class Flag(Protocol):
    """A one-way switch that others can wait for."""

    def set(self) -> None:
        """Turn it on; wakes all who wait. Harmless when it is on."""

    def is_set(self) -> bool:
        """Whether it is on."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is on, at most `timeout` seconds; tell whether it is."""


class Channel(Protocol[T]):
    """An unbounded first-in first-out queue between tasks."""

    def put(self, item: T) -> None:
        """Append `item`; never blocks, may be called from a delivery callback."""

    def get(self, timeout: float | None = None) -> T:
        """Take the oldest item; raises `queue.Empty` when none came within `timeout` seconds."""


class Baton(Protocol[T]):
    """Hands one value at a time from whoever has it to the one task that waits for it, without a queue between."""

    def give(self, value: T) -> None:
        """Hand over; not again before it was taken. Never blocks."""

    def take(self, timeout: float | None = None) -> T:
        """Wait for a value; raises TimeoutError when none came within `timeout` seconds."""


class Alarm(Protocol):
    """A call that will be made later."""

    def cancel(self) -> None:
        """Do not make it. Harmless when it has been made."""


class Server(Protocol):
    """A WSGI server that is accepting."""

    def stop(self, timeout: float) -> bool:
        """Stop accepting, let running requests end for up to `timeout` seconds, then cut; tell whether all ended.

        A request that is on its way on an open connection is still answered, with `Connection: close`.
        """


class Concurrency(Protocol):
    """The one seam to eventlet or native threads. Instances come from `svcrt.concurrency.backend(name)`."""

    name: str
    """`green` or `threads`."""

    def spawn(self, function: Callable[..., object], *arguments: object, name: str) -> Task:
        """Run `function(*arguments)` beside us; an exception in it is logged with `name`, never lost."""

    def sleep(self, seconds: float) -> None:
        """Let others run for `seconds`."""

    def flag(self) -> Flag:
        """Return a new `Flag`, off."""

    def lock(self) -> AbstractContextManager[object]:
        """Return a new lock, not re-entrant."""

    def guard(self) -> AbstractContextManager[object]:
        """Return a lock for a few statements that never wait; cheap, not re-entrant."""

    def baton(self) -> Baton[Any]:
        """Return a new `Baton`."""

    def channel(self) -> Channel[Any]:
        """Return a new, empty `Channel`."""

    def call_later(self, seconds: float, function: Callable[..., object], *arguments: object) -> Alarm:
        """Call `function(*arguments)`, which must not block, after `seconds`."""

    def serve(
        self, listener: socket, application: Callable[..., Any], *, max_clients: int, head_seconds: float
    ) -> Server:
        """Serve the WSGI `application` on the bound, listening socket `listener`.

        Args:
            max_clients: connections at a time.
            head_seconds: how long the head of a request may take.
        """

    def adopt_driver(self, name: str) -> None:
        """Make a database driver that waits inside C (`psycopg`) let others run meanwhile, where that is needed."""
