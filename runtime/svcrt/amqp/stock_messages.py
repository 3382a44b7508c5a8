"""What py-amqp makes of a message, as a `Message`: the sender's mistakes in it must not become ours. Pure."""

import struct
from typing import Any

from svcrt.amqp.properties import encode_properties
from svcrt.types import Message
from svcrt.wire import MAX_BODY_BYTES

NO_PROPERTIES = b"\x00\x00"
_DELIVER_FIXED = 9
"""Bytes of delivery tag and flags, between the consumer's tag and the exchange."""


def packed(content: Any) -> tuple[bytes, bytes]:
    """Return properties and body of a message of py-amqp's; what cannot be written again comes without properties."""
    message = message_of(content)
    try:
        return encode_properties(message, expiration=message.expiration), message.body
    except (ValueError, struct.error):
        return NO_PROPERTIES, message.body


def message_of(content: Any) -> Message:
    """Return a message of py-amqp's as ours.

    Of a body that exceeds the limit only one byte more than allowed is kept, so that it is seen as too big.
    """
    properties = content.properties

    def text(name: str) -> str | None:
        value = properties.get(name)
        return None if value is None else clean(value)

    expiration = text("expiration")
    return Message(
        # A message without a body has a text there.
        body=bytes(content.body or b"")[: MAX_BODY_BYTES + 1],
        content_type=text("content_type"),
        content_encoding=text("content_encoding"),
        correlation_id=text("correlation_id"),
        reply_to=text("reply_to"),
        expiration=int(expiration) if expiration is not None and expiration.isdecimal() else None,
        message_id=text("message_id"),
        timestamp=properties.get("timestamp"),
        type=text("type"),
        app_id=text("app_id"),
        persistent=properties.get("delivery_mode") == 2,
        headers=_headers(properties.get("application_headers") or {}),
    )


def clean(text: str | bytes) -> str:
    """Return text that can be encoded: py-amqp lets halves of surrogate pairs through, and gives bytes for no UTF-8."""
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def with_ascii_names(payload: bytes) -> bytes:
    """Return the payload of a `basic.deliver` with `?` for all that is not ASCII in its exchange and routing key."""
    at = 5 + payload[4] + _DELIVER_FIXED
    names = b""
    while at < len(payload):
        end = at + 1 + payload[at]
        names += payload[at : at + 1] + bytes(byte if byte < 128 else ord("?") for byte in payload[at + 1 : end])
        at = end
    return payload[: 5 + payload[4] + _DELIVER_FIXED] + names


def _headers(table: dict[Any, Any]) -> dict[str, str]:
    """Return a table's texts, and its integers as decimal text; all else is left out."""
    headers = {}
    for key, value in table.items():
        if isinstance(value, str | bytes):
            headers[clean(key)] = clean(value)
        elif isinstance(value, int):
            headers[clean(key)] = str(int(value))
    return headers
