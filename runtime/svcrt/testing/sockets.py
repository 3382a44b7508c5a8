"""A web socket without a web, for unit tests of a service's `socket` methods."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Generic

from svcrt.contract import ReceivesT, SendsT
from svcrt.errors import SocketClosed

_numbers = itertools.count(1)


class FakeSocket(Generic[ReceivesT, SendsT]):
    """Gives a method the messages of a list and keeps what it sends.

        socket = FakeSocket[Say, Said]([Say(text="hello")])
        build(Chat, hub=hub).live(socket, room="lobby")
        assert socket.sent == [Said(text="hello")]

    Args:
        messages: what the peer sends; after the last one it closes with 1000.

    Attributes:
        id: as that of a real one; each has its own.
        sent: what the method sent.
        closed: code and reason of whoever closed first; None while it is open.
    """

    def __init__(self, messages: Iterable[ReceivesT] = ()) -> None:
        self.id = f"fake-{next(_numbers):x}"
        self.sent: list[SendsT] = []
        self.closed: tuple[int, str] | None = None
        self._messages = iter(messages)

    def __iter__(self) -> Iterator[ReceivesT]:
        """See `svcrt.bases.Socket`."""
        while True:
            try:
                message = self.receive()
            except SocketClosed:
                return
            yield message

    def receive(self, timeout: float | None = None) -> ReceivesT:
        """See `svcrt.bases.Socket`; never waits."""
        if self.closed is None:
            for message in self._messages:
                return message
            self.closed = (1000, "")
        raise SocketClosed(*self.closed)

    def send(self, message: SendsT) -> None:
        """See `svcrt.bases.Socket`; the message is kept, not encoded."""
        if self.closed is not None:
            raise SocketClosed(*self.closed)
        self.sent.append(message)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """See `svcrt.bases.Socket`."""
        if self.closed is None:
            self.closed = (code, reason)
