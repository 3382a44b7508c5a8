"""The frames of the hot path: publish, deliver, return, confirms, acks. The rest of AMQP 0-9-1 is py-amqp's. Pure."""

import struct
from collections.abc import Mapping

from svcrt.types import Message
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

_FRAME = struct.Struct(">BHI")
_CONTENT = struct.Struct(">HHQ")
_CONFIRM = struct.Struct(">QB")
_SETTLE = struct.Struct(">BHI4sQBB")
_LONG = struct.Struct(">I")
_TIMESTAMP = struct.Struct(">Q")
_ACK_SIZE = 13

# Sizes of the field table values that are skipped; text, numbers and nested values are told apart below.
_FIXED = {b"t": 1, b"b": 1, b"B": 1, b"s": 2, b"u": 2, b"I": 4, b"i": 4, b"f": 4, b"l": 8, b"L": 8, b"d": 8, b"D": 5}
_FIXED |= {b"T": 8, b"V": 0}
_INTEGERS = {b"t": ">B", b"b": ">b", b"B": ">B", b"s": ">h", b"u": ">H", b"I": ">i", b"i": ">I", b"l": ">q", b"L": ">q"}


def short(text: str) -> bytes:
    """Write a short string, at most 255 bytes."""
    data = text.encode()
    return bytes((len(data),)) + data


def encode_properties(message: Message, *, expiration: int | None) -> bytes:
    """Write property flags and properties of `message`, with this expiration (ms) instead of its own."""
    flags = 0x1000
    parts = []
    if message.content_type is not None:
        flags |= 0x8000
        parts.append(short(message.content_type))
    if message.content_encoding is not None:
        flags |= 0x4000
        parts.append(short(message.content_encoding))
    if message.headers:
        flags |= 0x2000
        parts.append(_encode_headers(message.headers))
    parts.append(b"\x02" if message.persistent else b"\x01")
    for flag, text in (
        (0x0400, message.correlation_id),
        (0x0200, message.reply_to),
        (0x0100, None if expiration is None else str(expiration)),
        (0x0080, message.message_id),
    ):
        if text is not None:
            flags |= flag
            parts.append(short(text))
    if message.timestamp is not None:
        flags |= 0x0040
        parts.append(_TIMESTAMP.pack(message.timestamp))
    if message.type is not None:
        flags |= 0x0020
        parts.append(short(message.type))
    if message.app_id is not None:
        flags |= 0x0008
        parts.append(short(message.app_id))
    return flags.to_bytes(2, "big") + b"".join(parts)


def _encode_headers(headers: Mapping[str, str]) -> bytes:
    parts = []
    for key, value in headers.items():
        data = value.encode()
        parts += [short(key), b"S", _LONG.pack(len(data)), data]
    table = b"".join(parts)
    return _LONG.pack(len(table)) + table


def encode_publish_method(exchange: str, routing_key: str, *, mandatory: bool) -> bytes:
    """Write the payload of `basic.publish`."""
    return b"\x00\x3c\x00\x28\x00\x00" + short(exchange) + short(routing_key) + (b"\x01" if mandatory else b"\x00")


def encode_publish(channel: int, method: bytes, properties: bytes, body: bytes, frame_max: int) -> list[bytes]:
    """Return the frames of one published message, in pieces to be joined."""
    pieces = [
        _FRAME.pack(METHOD, channel, len(method)),
        method,
        b"\xce",
        _FRAME.pack(HEADER, channel, len(properties) + 12),
        _CONTENT.pack(60, 0, len(body)),
        properties,
        b"\xce",
    ]
    limit = frame_max - OVERHEAD
    for start in range(0, len(body), limit):
        piece = body if len(body) <= limit else body[start : start + limit]
        pieces += [_FRAME.pack(BODY, channel, len(piece)), piece, b"\xce"]
    return pieces


def encode_ack(channel: int, tag: int, *, multiple: bool = False) -> bytes:
    """Write a `basic.ack` frame."""
    return _SETTLE.pack(METHOD, channel, _ACK_SIZE, ACK, tag, multiple, END)


def encode_reject(channel: int, tag: int, *, requeue: bool) -> bytes:
    """Write a `basic.reject` frame."""
    return _SETTLE.pack(METHOD, channel, _ACK_SIZE, b"\x00\x3c\x00\x5a", tag, requeue, END)


def decode_confirm(payload: bytes) -> tuple[int, bool]:
    """Read delivery tag and `multiple` of an ack or nack."""
    tag, bits = _CONFIRM.unpack_from(payload, 4)
    return tag, bool(bits & 1)


def decode_deliver(payload: bytes) -> tuple[int, bool, str, str]:
    """Read delivery tag, redelivered, exchange and routing key."""
    at = 5 + payload[4]
    tag, redelivered = _CONFIRM.unpack_from(payload, at)
    exchange, at = _read_short(payload, at + 9)
    routing_key, _ = _read_short(payload, at)
    return tag, bool(redelivered & 1), exchange, routing_key


def decode_return(payload: bytes) -> tuple[str, str]:
    """Read reply text and routing key."""
    text, at = _read_short(payload, 6)
    _, at = _read_short(payload, at)
    return text, _read_short(payload, at)[0]


class Content:
    """A message under way: its method, then its header, then its body in pieces.

    Of a body that exceeds the limit only one byte more than allowed is kept, so that it is seen as too big.
    """

    __slots__ = ("header", "method", "missing", "pieces", "room")

    def __init__(self, method: bytes) -> None:
        self.method = method
        self.header = b""
        self.missing = 0
        self.room = MAX_BODY_BYTES + 1
        self.pieces: list[bytes] = []

    def feed_header(self, payload: bytes) -> bool:
        """Take the header; tell whether the message is complete."""
        self.header = payload
        self.missing = _CONTENT.unpack_from(payload, 0)[2]
        return self.missing == 0

    def feed_body(self, payload: bytes) -> bool:
        """Take a piece of the body; tell whether the message is complete."""
        self.missing -= len(payload)
        if self.room > 0:
            self.pieces.append(payload[: self.room])
            self.room -= len(payload)
        return self.missing <= 0

    def message(self) -> Message:
        """Return the complete message. Properties that cannot be read leave it without a content type."""
        body = self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)
        try:
            return _decode_message(self.header, body)
        except (struct.error, IndexError):
            # A sender can write what it likes there; the connection must outlive it.
            return Message(body=body, content_type=None)


def _decode_message(header: bytes, body: bytes) -> Message:
    flags = header[12] << 8 | header[13]
    at = 14
    texts: dict[int, str] = {}
    headers: dict[str, str] = {}
    persistent = False
    timestamp = None
    for flag in (
        0x8000,
        0x4000,
        0x2000,
        0x1000,
        0x0800,
        0x0400,
        0x0200,
        0x0100,
        0x0080,
        0x0040,
        0x0020,
        0x0010,
        0x0008,
    ):
        if not flags & flag:
            continue
        if flag == 0x2000:
            headers, at = _decode_headers(header, at)
        elif flag == 0x1000:
            persistent = header[at] == 2
            at += 1
        elif flag == 0x0800:
            at += 1
        elif flag == 0x0040:
            timestamp = _TIMESTAMP.unpack_from(header, at)[0]
            at += 8
        else:
            texts[flag], at = _read_short(header, at)
    expiration = texts.get(0x0100)
    get = texts.get
    return Message(
        body=body,
        content_type=get(0x8000),
        content_encoding=get(0x4000),
        correlation_id=get(0x0400),
        reply_to=get(0x0200),
        expiration=int(expiration) if expiration is not None and expiration.isdecimal() else None,
        message_id=get(0x0080),
        timestamp=timestamp,
        type=get(0x0020),
        app_id=get(0x0008),
        persistent=persistent,
        headers=headers,
    )


def _decode_headers(data: bytes, at: int) -> tuple[dict[str, str], int]:
    """Read a table's texts, and its integers as decimal text; skip all else."""
    end = at + 4 + _LONG.unpack_from(data, at)[0]
    if end > len(data):
        raise IndexError("a header table longer than its frame")
    at += 4
    headers: dict[str, str] = {}
    while at < end:
        key, at = _read_short(data, at)
        kind = data[at : at + 1]
        at += 1
        fixed = _FIXED.get(kind)
        if fixed is not None:
            number = _INTEGERS.get(kind)
            if number is not None:
                headers[key] = str(struct.unpack_from(number, data, at)[0])
            at += fixed
        elif kind in (b"S", b"x", b"F", b"A"):
            size = _LONG.unpack_from(data, at)[0]
            at += 4
            if kind == b"S":
                headers[key] = data[at : at + size].decode("utf-8", "replace")
            at += size
        else:
            raise IndexError("an unknown kind of header value")
    return headers, end


def _read_short(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    if end > len(data):
        raise IndexError("a text longer than its frame")
    piece = data[at + 1 : end]
    try:
        return piece.decode(), end
    except UnicodeDecodeError:
        # Its usual substitute has three bytes: a name that grew beyond 255 could be neither answered nor parked.
        return piece.decode("utf-8", "replace").replace("\ufffd", "?"), end
