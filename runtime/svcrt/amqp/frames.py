"""The frames of the hot path: publish, deliver, return, confirms, acks. The rest of AMQP 0-9-1 is py-amqp's. Pure."""

import struct
from collections.abc import Callable, Mapping
from typing import Protocol

from svcrt.amqp.properties import read_short, short
from svcrt.wire import MAX_BODY_BYTES

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
END = 0xCE
HEARTBEAT_FRAME = b"\x08\x00\x00\x00\x00\x00\x00\xce"
OVERHEAD = 8
"""Bytes of a frame beside its payload."""

DELIVER = b"\x00\x3c\x00\x3c"
RETURN = b"\x00\x3c\x00\x32"
ACK = b"\x00\x3c\x00\x50"
NACK = b"\x00\x3c\x00\x78"

_CONFIRMS = (ACK, NACK)
_CONTENTS = (HEADER, BODY)

_FRAME = struct.Struct(">BHI")
_HEADER = struct.Struct(">BHIHHQ")
_CONTENT = struct.Struct(">HHQ")
_CONFIRM = struct.Struct(">QB")
_SETTLE = struct.Struct(">BHI4sQBB")
_ACK_SIZE = 13
_MAX_FRAME = 16 * 1024 * 1024
_CACHED_ROUTES = 1000


def encode_publish_method(channel: int, exchange: str, routing_key: str, *, mandatory: bool) -> bytes:
    """Write the frame of `basic.publish`."""
    payload = b"\x00\x3c\x00\x28\x00\x00" + short(exchange) + short(routing_key) + (b"\x01" if mandatory else b"\x00")
    return _FRAME.pack(METHOD, channel, len(payload)) + payload + b"\xce"


def encode_content(channel: int, method: bytes, properties: bytes, body: bytes, frame_max: int) -> bytes:
    """Write the frames of one published message; `method` is its first one."""
    size = len(body)
    head = _HEADER.pack(HEADER, channel, len(properties) + 12, 60, 0, size)
    if 0 < size <= frame_max - OVERHEAD:
        return b"".join((method, head, properties, b"\xce", _FRAME.pack(BODY, channel, size), body, b"\xce"))
    pieces = [method, head, properties, b"\xce"]
    limit = frame_max - OVERHEAD
    for start in range(0, size, limit):
        piece = body[start : start + limit]
        pieces += [_FRAME.pack(BODY, channel, len(piece)), piece, b"\xce"]
    return b"".join(pieces)


def encode_ack(channel: int, tag: int, *, multiple: bool = False) -> bytes:
    """Write a `basic.ack` frame."""
    return _SETTLE.pack(METHOD, channel, _ACK_SIZE, ACK, tag, multiple, END)


def encode_reject(channel: int, tag: int, *, requeue: bool) -> bytes:
    """Write a `basic.reject` frame."""
    return _SETTLE.pack(METHOD, channel, _ACK_SIZE, b"\x00\x3c\x00\x5a", tag, requeue, END)


def decode_return(payload: bytes) -> tuple[str, str]:
    """Read reply text and routing key."""
    text, at = read_short(payload, 6)
    _, at = read_short(payload, at)
    return text, read_short(payload, at)[0]


class Sink(Protocol):
    """A channel, as the reader knows it. The callbacks must neither wait nor raise."""

    on_deliver: Callable[[bytes, bytes, int, bool, str, str], None] | None
    """Called with properties, body, delivery tag, `redelivered`, exchange and routing key."""
    on_return: Callable[[bytes, bytes, str, str], None] | None
    """Called with properties, body, the broker's reason and the routing key."""
    on_confirm: Callable[[int, bool, bool], None] | None
    """Called with the delivery tag, `multiple` and whether it was taken."""


class Content:
    """A message under way: its method, then its header, then its body in pieces.

    Of a body that exceeds the limit only one byte more than allowed is kept, so that it is seen as too big.
    """

    __slots__ = ("method", "missing", "pieces", "properties", "room")

    def __init__(self, method: bytes) -> None:
        self.method = method
        self.properties = b""
        self.missing = 0
        self.room = MAX_BODY_BYTES + 1
        self.pieces: list[bytes] = []

    def feed_header(self, payload: bytes) -> bool:
        """Take the header; tell whether the message is complete."""
        self.properties = payload[12:]
        self.missing = _CONTENT.unpack_from(payload, 0)[2]
        return self.missing == 0

    def feed_body(self, payload: bytes) -> bool:
        """Take a piece of the body; tell whether the message is complete."""
        self.missing -= len(payload)
        if self.room > 0:
            self.pieces.append(payload[: self.room])
            self.room -= len(payload)
        return self.missing <= 0

    @property
    def body(self) -> bytes:
        """What came of the body."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)


class FrameReader:
    """Cuts what the broker sends into frames, hands the hot ones to their channel, keeps the others for py-amqp.

    Args:
        sinks: the channels by number; frames for others are dropped.

    Raises (all methods): ConnectionError for what is not AMQP.
    """

    def __init__(self, sinks: Mapping[int, Sink]) -> None:
        self._sinks = sinks
        self._data = b""
        self._at = 0
        self._contents: dict[int, Content] = {}
        self._routes: dict[bytes, tuple[str, str]] = {}

    def feed(self, data: bytes) -> None:
        """Append what was received."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0

    def run(self) -> bool:
        """Hand over the hot frames that are here, up to the first other one; tell whether there is such a one.

        Each frame is taken before its callback runs, which may therefore do anything but raise.
        """
        try:
            return self._run()
        except (struct.error, IndexError) as error:
            raise ConnectionError(f"the broker sent something that is not AMQP: {error}") from error

    def _run(self) -> bool:
        head = _FRAME.unpack_from
        data, at = self._data, self._at
        size = len(data)
        while size - at >= OVERHEAD:
            kind, number, length = head(data, at)
            end = at + 7 + length
            if end >= size:
                if length > _MAX_FRAME:
                    raise ConnectionError("the broker sent something that is not AMQP")
                return False
            if data[end] != END:
                raise ConnectionError("the broker sent a frame without an end")
            if kind == METHOD:
                method = data[at + 7 : at + 11]
                if method == DELIVER:
                    at = self._deliver(data, at, end, number)
                    continue
                if method in _CONFIRMS:
                    self._at = at = end + 1
                    sink = self._sinks.get(number)
                    if sink is not None and sink.on_confirm is not None:
                        tag, bits = _CONFIRM.unpack_from(data, end - 9)
                        sink.on_confirm(tag, bits & 1 == 1, method == ACK)
                    continue
                if method != RETURN:
                    return True
                self._contents[number] = Content(data[at + 7 : end])
                self._at = at = end + 1
            elif kind in _CONTENTS:
                payload = data[at + 7 : end]
                self._at = at = end + 1
                self._feed_content(kind, number, payload)
            elif kind == HEARTBEAT:
                self._at = at = end + 1
            else:
                return True
        return False

    def next_frame(self) -> tuple[int, int, bytes] | None:
        """Take the next frame, of whatever kind: type, channel, payload; None when none is complete."""
        data, at = self._data, self._at
        if not self.holds_frame():
            return None
        kind, number, length = _FRAME.unpack_from(data, at)
        self._at = at + length + OVERHEAD
        return kind, number, data[at + 7 : at + 7 + length]

    def holds_frame(self) -> bool:
        """Whether a frame is complete."""
        data, at = self._data, self._at
        return len(data) - at >= OVERHEAD and len(data) > at + 7 + _FRAME.unpack_from(data, at)[2]

    def _deliver(self, data: bytes, at: int, end: int, number: int) -> int:
        """Take the `deliver` at `at`, with its content when all of that is here in one piece; return what is next."""
        header, size = end + 1, len(data)
        if size - header > _HEADER.size:
            kind, channel, length, _, _, missing = _HEADER.unpack_from(data, header)
            header_end = body_end = header + 7 + length
            start = header_end + OVERHEAD
            if kind == HEADER and channel == number and header_end < size and data[header_end] == END:
                if missing and size > start:
                    kind, channel, length = _FRAME.unpack_from(data, header_end + 1)
                    body_end = start + length if kind == BODY and channel == number and length == missing else size
                if (body_end > header_end or not missing) and body_end < size and data[body_end] == END:
                    self._at = body_end + 1
                    sink = self._sinks.get(number)
                    if sink is not None and sink.on_deliver is not None:
                        at += 12 + data[at + 11]
                        tag, bits = _CONFIRM.unpack_from(data, at)
                        route = data[at + 9 : end]
                        exchange, routing_key = self._routes.get(route) or self._read_route(route)
                        body = data[start:body_end] if missing else b""
                        properties = data[header + 19 : header_end]
                        sink.on_deliver(properties, body, tag, bits & 1 == 1, exchange, routing_key)
                    return self._at
        self._contents[number] = Content(data[at + 7 : end])
        self._at = header
        return header

    def _feed_content(self, kind: int, number: int, payload: bytes) -> None:
        content = self._contents.get(number)
        if content is None:
            raise ConnectionError("the broker sent content without a method")
        if content.feed_header(payload) if kind == HEADER else content.feed_body(payload):
            del self._contents[number]
            self._hand_over(number, content.method, content.properties, content.body)

    def _hand_over(self, number: int, method: bytes, properties: bytes, body: bytes) -> None:
        sink = self._sinks.get(number)
        if sink is None:
            return
        if method[3] == DELIVER[3]:
            if sink.on_deliver is not None:
                at = 5 + method[4]
                tag, bits = _CONFIRM.unpack_from(method, at)
                route = method[at + 9 :]
                exchange, routing_key = self._routes.get(route) or self._read_route(route)
                sink.on_deliver(properties, body, tag, bits & 1 == 1, exchange, routing_key)
        elif sink.on_return is not None:
            sink.on_return(properties, body, *decode_return(method))

    def _read_route(self, data: bytes) -> tuple[str, str]:
        exchange, at = read_short(data, 0)
        routing_key, _ = read_short(data, at)
        if len(self._routes) >= _CACHED_ROUTES:
            self._routes.clear()
        self._routes[data] = exchange, routing_key
        return exchange, routing_key
