"""Readers of scalars: one function per built-in type, from a JSON-like value to the Python one."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from svcrt.codec.faults import Path, Walk
from svcrt.codec.shapes import Scalar
from svcrt.structs import Digits

Read: TypeAlias = Callable[[Any, Path, Walk], Any]
"""Reads a JSON-like value; notes faults in the walk and then returns INVALID."""

UNTYPED: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=float)
"""Decoder of any JSON; a number beyond 64-bit floats becomes an infinity, which readers refuse where it matters."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DECIMAL = re.compile(r"-?[0-9]{1,1000}(?:\.[0-9]{1,1000})?")
_BOOLS = {"true": True, "false": False}


class Text(str):
    """A value that came as text (query, path, header, command line): a reader takes `Text("5")` for a number too."""

    __slots__ = ()


def scalar_reader(shape: Scalar) -> Read:
    """Compile the reader of a built-in type."""
    convert, message = converter(shape), f"must be {shape.expected}"

    def read(value: Any, path: Path, walk: Walk) -> Any:
        if type(value) is Text:
            value = _from_text(shape.kind, str(value))
        try:
            return convert(value)
        except (TypeError, ValueError, OverflowError):
            return walk.fault(path, message)

    return read


def converter(shape: Scalar) -> Callable[[Any], Any]:
    """Return what turns a JSON-like scalar into the Python one; it raises TypeError, ValueError, OverflowError."""
    return _CONVERTERS.get(shape.kind, _native)(shape)


def as_text(value: Any) -> Any:
    """Return `value` with every str in it, also in lists and objects, marked as `Text`."""
    if type(value) is str:
        return Text(value)
    if type(value) is list:
        return list(map(as_text, value))
    return {name: as_text(item) for name, item in value.items()} if type(value) is dict else value


def from_json_text(value: str) -> Any:
    """Return the JSON value that `value` spells; raises ValueError."""
    try:
        return UNTYPED.decode(str(value))
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def finite(value: Any) -> bool:
    """Tell whether a value is made of what JSON can hold, without NaN and infinities."""
    kind = type(value)
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        return all(map(finite, value))
    if kind is dict:
        return all(type(key) is str and encodable(key) for key in value) and all(map(finite, value.values()))
    if kind is str:
        return encodable(value)
    return value is None or kind is bool or kind is int


def without_bytes(value: Any) -> Any:
    """Return `value` with every bytes in it as its JSON: base64 text."""
    kind = type(value)
    if kind is bytes:
        return msgspec.to_builtins(value)
    if kind is list:
        return list(map(without_bytes, value))
    return {key: without_bytes(item) for key, item in value.items()} if kind is dict else value


def encodable(text: str) -> bool:
    """Tell whether `text` can be written as UTF-8 (lone surrogates cannot)."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def fitted(value: Decimal, digits: Digits) -> Decimal:
    """Return `value` without zeros beyond its scale; raises ValueError where it breaks its contract."""
    sign, figures, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("not a number")
    surplus = -digits.scale - exponent
    if surplus > 0:
        if any(figures[-surplus:]):
            raise ValueError("scale")
        value = Decimal((sign, figures[:-surplus] or (0,), -digits.scale))
    if not value and exponent > 0:
        value = Decimal(0)
    if value and value.adjusted() >= digits.precision - digits.scale:
        raise ValueError("precision")
    if (digits.ge is not None and value < Decimal(digits.ge)) or (digits.le is not None and value > Decimal(digits.le)):
        raise ValueError("range")
    return value


def _from_text(kind: type[Any], text: str) -> Any:
    if kind is int:
        return int(text) if _INTEGER.fullmatch(text) else text
    if kind is float:
        return float(text) if _NUMBER.fullmatch(text) else text
    return _BOOLS.get(text, text) if kind is bool else text


def _bool(shape: Scalar) -> Callable[[Any], Any]:
    def convert(value: Any) -> bool:
        if type(value) is not bool:
            raise TypeError
        return value

    return convert


def _int(shape: Scalar) -> Callable[[Any], Any]:
    low, high = shape.low, shape.high

    def convert(value: Any) -> int:
        if type(value) is not int:
            raise TypeError
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError
        return value

    return convert


def _float(shape: Scalar) -> Callable[[Any], Any]:
    low, high = shape.low, shape.high

    def convert(value: Any) -> float:
        if type(value) is not float and type(value) is not int:
            raise TypeError
        number = float(value)
        if not math.isfinite(number) or (low is not None and number < low) or (high is not None and number > high):
            raise ValueError
        return number

    return convert


def _str(shape: Scalar) -> Callable[[Any], Any]:
    shortest, longest, regex = shape.shortest, shape.longest, shape.regex

    def convert(value: Any) -> str:
        if type(value) is not str:
            raise TypeError
        if (shortest is not None and len(value) < shortest) or (longest is not None and len(value) > longest):
            raise ValueError
        if not encodable(value) or (regex is not None and regex.search(value) is None):
            raise ValueError
        return value

    return convert


def _decimal(shape: Scalar) -> Callable[[Any], Any]:
    digits = shape.digits
    assert digits is not None

    def convert(value: Any) -> Decimal:
        if type(value) is not str or _DECIMAL.fullmatch(value) is None:
            raise TypeError
        return fitted(Decimal(value), digits)

    return convert


def _timestamp(shape: Scalar) -> Callable[[Any], Any]:
    read = _native(shape)
    return lambda value: read(value).astimezone(UTC)


def _bytes(shape: Scalar) -> Callable[[Any], Any]:
    read = _native(shape)
    # MessagePack has them as they are.
    return lambda value: read(msgspec.to_builtins(value) if type(value) is bytes else value)


def _native(shape: Scalar) -> Callable[[Any], Any]:
    native = shape.native

    def convert(value: Any) -> Any:
        if type(value) is not str:
            raise TypeError
        try:
            return msgspec.convert(value, native)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from error

    return convert


_CONVERTERS: dict[type[Any], Callable[[Scalar], Callable[[Any], Any]]] = {
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    Decimal: _decimal,
    datetime: _timestamp,
}
