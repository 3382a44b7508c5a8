"""The content header of a message: checked once, forwarded as the bytes that came, rewritten only to dead-letter it."""

from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from .errors import ProtocolError, ReplyCode
from .tables import check_table, split_table

__all__ = ["Header", "header_entries", "parse_header", "rewrite_header"]

_FIXED = Struct(">HHQH")  # class, weight, body size, property flags
_BASIC_CLASS = 60
_SHORT, _TABLE = -1, -2
# Name, flag bit and size of each property in the order of the wire; negative sizes are read from the data.
_PROPERTIES = (
    ("content_type", 15, _SHORT),
    ("content_encoding", 14, _SHORT),
    ("headers", 13, _TABLE),
    ("delivery_mode", 12, 1),
    ("priority", 11, 1),
    ("correlation_id", 10, _SHORT),
    ("reply_to", 9, _SHORT),
    ("expiration", 8, _SHORT),
    ("message_id", 7, _SHORT),
    ("timestamp", 6, 8),
    ("type", 5, _SHORT),
    ("user_id", 4, _SHORT),
    ("app_id", 3, _SHORT),
    ("cluster_id", 2, _SHORT),
)
_FLAGS = {name: 1 << bit for name, bit, _ in _PROPERTIES}
_CONTINUED = 0b11


class Header(NamedTuple):
    """What the broker itself needs of a content header."""

    body_size: int
    expiration: str | None
    user_id: str | None


@lru_cache(maxsize=256)
def _layout(flags: int) -> tuple[tuple[str, int], ...]:
    return tuple((name, size) for name, bit, size in _PROPERTIES if flags & 1 << bit)


def parse_header(payload: bytes) -> Header:
    """Check a content header frame's payload and read what the broker needs.

    Raises:
        ProtocolError: It is not a content header of class basic, or a property is longer than the frame.
    """
    spans = _spans(payload)
    return Header(
        _FIXED.unpack_from(payload)[2],
        _short(payload, spans.get("expiration")),
        _short(payload, spans.get("user_id")),
    )


def rewrite_header(payload: bytes, entries: dict[str, bytes]) -> bytes:
    """Return the payload with its header table's entries replaced and the expiration removed.

    Args:
        payload: What `parse_header` accepted.
        entries: All entries of the table by name, values encoded with their type letter.
    """
    spans = _spans(payload)
    class_id, weight, body_size, flags = _FIXED.unpack_from(payload)
    flags = (flags | _FLAGS["headers"]) & ~_FLAGS["expiration"]
    table = b"".join(
        bytes([len(encoded)]) + encoded + value for encoded, value in ((k.encode(), v) for k, v in entries.items())
    )
    parts = [_FIXED.pack(class_id, weight, body_size, flags)]
    for name, _ in _layout(flags):
        if name == "headers":
            parts.append(len(table).to_bytes(4, "big") + table)
        else:
            start, end = spans[name]
            parts.append(payload[start:end])
    return b"".join(parts)


def header_entries(payload: bytes) -> dict[str, bytes]:
    """Return the entries of the header table by name, values raw with their type letter."""
    span = _spans(payload).get("headers")
    return split_table(payload, span[0]) if span else {}


def _short(payload: bytes, span: tuple[int, int] | None) -> str | None:
    return payload[span[0] + 1 : span[1]].decode(errors="replace") if span else None


def _spans(payload: bytes) -> dict[str, tuple[int, int]]:
    if len(payload) < _FIXED.size:
        raise ProtocolError(ReplyCode.FRAME_ERROR, f"content header of {len(payload)} bytes")
    class_id, _, _, flags = _FIXED.unpack_from(payload)
    if class_id != _BASIC_CLASS:
        raise ProtocolError(ReplyCode.UNEXPECTED_FRAME, f"content header of class {class_id}, not {_BASIC_CLASS}")
    if flags & _CONTINUED:
        raise ProtocolError(ReplyCode.FRAME_ERROR, f"property flags {flags:#06x} name unknown properties")
    at, total = _FIXED.size, len(payload)
    spans = {}
    for name, size in _layout(flags):
        if size == _SHORT:
            end = at + 1 + payload[at] if at < total else total + 1
        elif size == _TABLE:
            end = check_table(payload, at)
        else:
            end = at + size
        if end > total:
            raise ProtocolError(ReplyCode.SYNTAX_ERROR, f"property {name} is longer than the content header")
        spans[name] = at, end
        at = end
    return spans
