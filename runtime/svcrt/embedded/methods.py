"""AMQP methods from and to bytes, by pamqp's tables of what each consists of; sizes are checked here."""

from struct import Struct, error
from typing import Any

from pamqp import base, commands, encode

from .errors import ProtocolError, ReplyCode
from .tables import read_long_string, read_short_string, read_table

__all__ = ["ACK_INDEX", "PUBLISH_INDEX", "decode_method", "encode_method", "method_ids"]

PUBLISH_INDEX = commands.Basic.Publish.index.to_bytes(4, "big")
ACK_INDEX = commands.Basic.Ack.index.to_bytes(4, "big")
_INDEX = Struct(">I")
_IDS = Struct(">HH")
_NUMBERS = {"octet": Struct(">B"), "short": Struct(">H"), "long": Struct(">I"), "longlong": Struct(">Q")}
_BITS_PER_OCTET = 8


def method_ids(payload: bytes) -> tuple[int, int]:
    """Return class and method number of a method frame's payload, zeros when it is too short for them."""
    if len(payload) < _IDS.size:
        return 0, 0
    class_id, method_id = _IDS.unpack_from(payload)
    return class_id, method_id


def decode_method(payload: bytes) -> base.Frame:
    """Read a method frame's payload.

    Raises:
        ProtocolError: No such method, or arguments that are not what it takes.
    """
    if len(payload) < _INDEX.size:
        raise ProtocolError(ReplyCode.FRAME_ERROR, "a method frame of less than four bytes")
    method_class: type[base.Frame] | None = commands.INDEX_MAPPING.get(_INDEX.unpack_from(payload)[0])
    if method_class is None:
        class_id, method_id = method_ids(payload)
        raise ProtocolError(ReplyCode.COMMAND_INVALID, f"unknown method {class_id}.{method_id}")
    # The constructors refuse names that AMQP 0-9-1 forbids and RabbitMQ allows.
    method: base.Frame = object.__new__(method_class)
    try:
        _read_arguments(method, payload)
    except error as damage:
        raise ProtocolError(ReplyCode.SYNTAX_ERROR, f"malformed {method_class.name}: {damage}") from damage
    return method


def _read_arguments(method: base.Frame, payload: bytes) -> None:
    at, bits, bit = _INDEX.size, 0, _BITS_PER_OCTET
    for name in method.__slots__:
        kind = method.amqp_type(name)
        value: object
        if kind == "bit":
            if bit == _BITS_PER_OCTET:
                bits, bit = _NUMBERS["octet"].unpack_from(payload, at)[0], 0
                at += 1
            value = bool(bits >> bit & 1)
            bit += 1
        else:
            bit = _BITS_PER_OCTET
            value, at = _read_argument(kind, payload, at)
        setattr(method, name, value)


def _read_argument(kind: str, payload: bytes, at: int) -> tuple[object, int]:
    if kind == "shortstr":
        return read_short_string(payload, at)
    if kind == "longstr":
        content, end = read_long_string(payload, at)
        return content.decode(errors="surrogateescape"), end
    if kind == "table":
        return read_table(payload, at)
    number = _NUMBERS[kind]
    return number.unpack_from(payload, at)[0], at + number.size


def encode_method(method_class: type[base.Frame], **arguments: Any) -> bytes:
    """Build a method frame's payload; arguments left out are zero, empty or false."""
    parts = [_INDEX.pack(method_class.index)]
    bits, bit = 0, 0
    for name in method_class.attributes():
        kind = method_class.amqp_type(name)
        if kind == "bit":
            bits |= bool(arguments.get(name)) << bit
            bit += 1
            continue
        if bit:
            parts.append(bytes([bits]))
            bits = bit = 0
        value = arguments.get(name, {} if kind == "table" else "" if kind.endswith("str") else 0)
        parts.append(encode.by_type(value, kind))
    if bit:
        parts.append(bytes([bits]))
    return b"".join(parts)
