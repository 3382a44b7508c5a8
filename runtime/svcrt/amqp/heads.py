"""Properties of requests and replies, packed and read by hand: the usual shape of them, which docs/wire.md describes.

What has another shape is read by `svcrt.amqp.properties`, which knows all there are; the two agree byte by byte.
"""

import struct
from struct import Struct
from typing import NamedTuple

from svcrt.amqp.properties import short
from svcrt.wire import CONTENT_TYPE, PACKED_CONTENT_TYPE

_TRACE_SIZE = 55
_TRACE_KEY = b"\x0btraceparentS\x00\x00\x00\x37"
_CONTEXT_KEY = b"\x03svcS"
_TABLE = Struct(">I5sI")
_AROUND = 5 + 4 + len(_TRACE_KEY) + _TRACE_SIZE
"""Bytes of the header table beside the text of `svc`."""
BYTES = tuple(bytes((number,)) for number in range(256))
"""Each byte by its value: lengths of short strings."""

# Flags of: content type, headers, delivery mode, correlation id, reply-to, expiration, message id, type, app id.
_REQUEST = {packed: b"\xb7\xa8" + short(kind) for packed, kind in ((False, CONTENT_TYPE), (True, PACKED_CONTENT_TYPE))}
# Flags of: content type, delivery mode, correlation id, app id.
_REPLY = {
    packed: b"\x94\x08" + short(kind) + b"\x01" for packed, kind in ((False, CONTENT_TYPE), (True, PACKED_CONTENT_TYPE))
}
_PLAIN_REQUEST, _PACKED_REQUEST = _REQUEST[False], _REQUEST[True]
PLAIN_REPLY, _PACKED_REPLY = _REPLY[False], _REPLY[True]
"""How the properties of a reply with a result in JSON begin: the correlation id follows, as a short string."""


def pack_request(
    *,
    packed: bool,
    context: bytes,
    trace: bytes,
    correlation: bytes,
    reply_to: bytes,
    left_ms: int,
    message_id: bytes,
    tail: bytes,
) -> bytes:
    """Write the properties of a request.

    Args:
        packed: the body is MessagePack.
        context: the header `svc`.
        trace: the header `traceparent`, 55 bytes.
        correlation: at most 255 bytes, as `message_id`.
        reply_to: as a short string.
        left_ms: the expiration.
        tail: type and app id as short strings.
    """
    size = len(context)
    expiration = b"%d" % left_ms
    return b"".join(
        (
            _PACKED_REQUEST if packed else _PLAIN_REQUEST,
            _TABLE.pack(size + _AROUND, _CONTEXT_KEY, size),
            context,
            _TRACE_KEY,
            trace,
            b"\x01",
            BYTES[len(correlation)],
            correlation,
            reply_to,
            BYTES[len(expiration)],
            expiration,
            BYTES[len(message_id)],
            message_id,
            tail,
        )
    )


class RequestHead(NamedTuple):
    """What a service needs of a request's properties."""

    packed: bool
    context: str | None
    trace: str
    correlation: bytes
    reply_to: bytes
    message_id: bytes
    method: bytes


def read_request(properties: bytes) -> RequestHead | None:
    """Read the properties of a request of the usual shape; None for any other."""
    if properties.startswith(_PLAIN_REQUEST):
        packed, at = False, len(_PLAIN_REQUEST)
    elif properties.startswith(_PACKED_REQUEST):
        packed, at = True, len(_PACKED_REQUEST)
    else:
        return None
    try:
        table, key, size = _TABLE.unpack_from(properties, at)
        end = at + 13 + size
        if key != _CONTEXT_KEY or table != size + _AROUND or not properties.startswith(_TRACE_KEY, end):
            return None
        context = properties[at + 13 : end].decode()
        at = end + len(_TRACE_KEY) + _TRACE_SIZE
        trace = properties[at - _TRACE_SIZE : at].decode()
        at += 1
        end = at + 1 + properties[at]
        correlation = properties[at + 1 : end]
        at = end + 1 + properties[end]
        reply_to = properties[end + 1 : at]
        at += 1 + properties[at]
        end = at + 1 + properties[at]
        message_id = properties[at + 1 : end]
        at = end + 1 + properties[end]
        method = properties[end + 1 : at]
        if at + 1 + properties[at] != len(properties):
            return None
    except (IndexError, UnicodeDecodeError, struct.error):
        return None
    # Half as dear as to call the class.
    return tuple.__new__(RequestHead, (packed, context, trace, correlation, reply_to, message_id, method))


def pack_reply(packed: bool, correlation: bytes, app_id: bytes) -> bytes:
    """Write the properties of a reply that carries a result; `app_id` is a short string."""
    return b"".join((_PACKED_REPLY if packed else PLAIN_REPLY, BYTES[len(correlation)], correlation, app_id))


def read_reply(properties: bytes) -> tuple[bytes, bool] | None:
    """Read correlation id, and whether the body is MessagePack, of a reply with a result; None for any other shape."""
    if properties.startswith(PLAIN_REPLY):
        packed, at = False, len(PLAIN_REPLY)
    elif properties.startswith(_PACKED_REPLY):
        packed, at = True, len(_PACKED_REPLY)
    else:
        return None
    try:
        end = at + 1 + properties[at]
        return properties[at + 1 : end], packed
    except IndexError:
        return None


def tail(method: str, app_id: str) -> bytes:
    """Return the last properties of all requests of one method: type and app id."""
    return short(method) + short(app_id)
