"""The web sockets that are open in this process, and which of them hear what channel."""

import itertools
import secrets
from typing import Protocol

from svcrt.concurrency import backend
from svcrt.extensions import SharedExtension

__all__ = ["OpenSocket", "OpenSockets", "instance_of"]


class OpenSocket(Protocol):
    """A socket as the hub sees it."""

    route: str
    """Full name of its contract: `<Service>.<socket>`."""

    @property
    def id(self) -> str:
        """Its identity among all sockets of all instances."""

    def frame(self, message: bytes) -> bytes:
        """Return JSON as it travels, the same bytes for every socket. Raises UnicodeDecodeError."""

    def post(self, frame: bytes) -> None:
        """Hand over a frame; never blocks, never raises."""


def instance_of(socket_id: str) -> str:
    """Return the process's part of a socket's id."""
    return socket_id.partition("-")[0]


class OpenSockets(SharedExtension):
    """One per process; safe to use from any task.

    Args:
        concurrency: name of the back end.
    """

    def __init__(self, concurrency: str) -> None:
        self.instance = secrets.token_hex(8)
        """This process's part of its sockets' ids."""
        self._lock = backend(concurrency).lock()
        self._numbers = itertools.count(1)
        self._open: dict[str, OpenSocket] = {}
        self._hearers: dict[tuple[str, str], dict[str, OpenSocket]] = {}
        self._channels: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def next_id(self) -> str:
        """Return an id for a socket of this process."""
        return f"{self.instance}-{next(self._numbers):x}"

    def add(self, socket: OpenSocket) -> None:
        """Take note of a socket."""
        with self._lock:
            self._open[socket.id] = socket

    def discard(self, socket: OpenSocket) -> None:
        """Forget a socket and its subscriptions."""
        with self._lock:
            self._open.pop(socket.id, None)
            for channel in self._channels.pop(socket.id, ()):
                self._leave(socket.id, (socket.route, channel))

    def subscribe(self, route: str, socket_id: str, channel: str) -> None:
        """Let a socket hear a channel. Nothing happens when it is closed already.

        Raises:
            ValueError: it is a socket of another route.
        """
        with self._lock:
            socket = self._open.get(socket_id)
            if socket is None:
                return
            if socket.route != route:
                raise ValueError(f"socket {socket_id} is one of `{socket.route}`, and this hub is that of `{route}`")
            self._hearers.setdefault((route, channel), {})[socket_id] = socket
            self._channels.setdefault(socket_id, set()).add(channel)

    def unsubscribe(self, route: str, socket_id: str, channel: str) -> None:
        """Let a socket hear a channel no more. Harmless when it does not."""
        with self._lock:
            self._channels.get(socket_id, set()).discard(channel)
            self._leave(socket_id, (route, channel))

    def hearers(self, route: str, channel: str) -> tuple[OpenSocket, ...]:
        """Return who hears a channel."""
        with self._lock:
            return tuple(self._hearers.get((route, channel), {}).values())

    def find(self, route: str, socket_id: str) -> OpenSocket | None:
        """Return a socket of a route by its id."""
        with self._lock:
            found = self._open.get(socket_id)
        return found if found is not None and found.route == route else None

    def _leave(self, socket_id: str, key: tuple[str, str]) -> None:
        hearers = self._hearers.get(key)
        if hearers is not None:
            hearers.pop(socket_id, None)
            if not hearers:
                del self._hearers[key]
