"""Properties of AMQP messages as bytes and back, whatever a sender has made of them. Pure."""

import struct
from collections.abc import Mapping

from svcrt.types import Message

_LONG = struct.Struct(">I")
_TIMESTAMP = struct.Struct(">Q")

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


def decode_message(properties: bytes, body: bytes) -> Message:
    """Read what `encode_properties`, or anybody, has written. What cannot be read leaves it without a content type."""
    try:
        return _decode(properties, body)
    except (struct.error, IndexError):
        # A sender can write what it likes there; the connection must outlive it.
        return Message(body=body, content_type=None)


def _decode(header: bytes, body: bytes) -> Message:
    flags = header[0] << 8 | header[1]
    at = 2
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
            texts[flag], at = read_short(header, at)
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
        key, at = read_short(data, at)
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


def read_short(data: bytes, at: int) -> tuple[str, int]:
    """Read a short string; return it and where it ends. Raises IndexError."""
    end = at + 1 + data[at]
    if end > len(data):
        raise IndexError("a text longer than its frame")
    piece = data[at + 1 : end]
    try:
        return piece.decode(), end
    except UnicodeDecodeError:
        # Its usual substitute has three bytes: a name that grew beyond 255 could be neither answered nor parked.
        return piece.decode("utf-8", "replace").replace("\ufffd", "?"), end
