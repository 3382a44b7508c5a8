"""What the broker knows of one connected client, and what waits to be sent to it."""

from collections.abc import Callable

from .frames import FRAME_MIN_SIZE

__all__ = ["Peer"]

_HIGH_WATER = 1 << 20


class Peer:
    """One client, as the channels and queues see it; also the owner of exclusive queues.

    Attributes:
        name: Its address, for logs.
        user: Who it logged in as.
        frame_max: Largest frame that it takes, in bytes.
        congested: Whether it reads slower than it is sent to; then consumers get nothing until it has caught up.
        told_of_cancels: Whether it understands a basic.cancel from the broker.
        outlet: What all output passes, a method with its content at a time; it may keep some back (tests).
    """

    def __init__(self, name: str, on_output: Callable[[], None]) -> None:
        self.name = name
        self.user = ""
        self.frame_max = FRAME_MIN_SIZE
        self.congested = False
        self.told_of_cancels = False
        self.outlet: Callable[[bytes], bytes] | None = None
        self._on_output = on_output
        self._output: list[bytes] = []
        self._size = 0

    def send(self, data: bytes) -> None:
        """Queue bytes; who does the I/O is told when they are the first."""
        if self.outlet is not None:
            data = self.outlet(data)
            if not data:
                return
        if not self._output:
            self._on_output()
        self._output.append(data)
        self._size += len(data)
        if self._size > _HIGH_WATER:
            self.congested = True

    def take_output(self) -> bytes:
        """Return what is to be sent, and forget it."""
        data = b"".join(self._output)
        self._output.clear()
        self._size = 0
        return data
