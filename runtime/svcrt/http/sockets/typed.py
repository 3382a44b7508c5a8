"""What a method gets: a socket whose messages are values of the contract's types."""

from collections.abc import Iterator
from typing import Any, Generic

from svcrt.codec import codec
from svcrt.contract import ReceivesT, SendsT, SocketRoute
from svcrt.errors import InvalidValue, SocketClosed
from svcrt.http.sockets.connection import REASON_BYTES, SocketConnection, short_reason, text_frame

__all__ = ["TypedSocket"]

_SENDABLE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_APPLICATION = range(3000, 5000)


class TypedSocket(Generic[ReceivesT, SendsT]):
    """See `svcrt.bases.Socket`, and `svcrt.open_sockets.OpenSocket` for the hub's side.

    Args:
        id: its identity among all sockets of all instances.
        route: its contract.
        connection: what carries the messages.
    """

    def __init__(self, id: str, route: SocketRoute[ReceivesT, SendsT], connection: SocketConnection) -> None:
        self._id = id
        self.route = f"{route.service}.{route.name}"
        self._connection = connection
        self._receives = codec(route.receives)
        self._sends = codec(route.sends)
        self._refused: SocketClosed | None = None

    @property
    def id(self) -> str:
        """See `svcrt.bases.Socket`."""
        return self._id

    def __iter__(self) -> Iterator[ReceivesT]:
        """See `svcrt.bases.Socket`."""
        while True:
            try:
                message = self.receive()
            except SocketClosed:
                return
            yield message

    def receive(self, timeout: float | None = None) -> ReceivesT:
        """See `svcrt.bases.Socket`; a message that breaks the contract closes with 1007 and the first fault."""
        if self._refused is not None:
            raise self._refused
        text = self._connection.receive(timeout)
        try:
            message: Any = self._receives.decode_strict(text.encode())
        except InvalidValue as error:
            fault = error.faults[0]
            self._refused = SocketClosed(1007, short_reason(f"{fault.path} {fault.message}"))
            self._connection.close(self._refused.code, self._refused.reason)
            raise self._refused from None
        return message  # type: ignore[no-any-return]

    def send(self, message: SendsT) -> None:
        """See `svcrt.bases.Socket`; waits while the send buffer is full."""
        self._connection.send(text_frame(self._sends.encode(message)))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """See `svcrt.bases.Socket`.

        Raises:
            ValueError: a code that no close frame may carry, or a reason of more than 123 bytes.
        """
        if code not in _SENDABLE and code not in _APPLICATION:
            raise ValueError(f"{code} is no code to close with; 1000, 1001, 1008, 1011 and 3000 to 4999 are")
        if len(reason.encode()) > REASON_BYTES:
            raise ValueError(f"a close frame carries a reason of up to {REASON_BYTES} bytes")
        self._connection.close(code, reason)

    # For the hub.

    def frame(self, message: bytes) -> bytes:
        """Return JSON as it travels."""
        return text_frame(message)

    def post(self, frame: bytes) -> None:
        """Hand over a frame; a reader that is too slow is cut."""
        self._connection.post(frame)
