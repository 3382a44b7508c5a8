"""What py-amqp makes of a message: the sender's mistakes in it must not become ours. Pure."""

from typing import Any

from svcrt.wire import MAX_BODY_BYTES

NO_PROPERTIES = b"\x00\x00"
_DELIVER_FIXED = 9
"""Bytes of delivery tag and flags, between the consumer's tag and the exchange."""


def body_of(content: Any) -> bytes:
    """Return the body; of one that exceeds the limit one byte more than allowed, so that it is seen as too big."""
    # A message without a body has a text there.
    return bytes(content.body or b"")[: MAX_BODY_BYTES + 1]


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
