"""Strict reading of AMQP strings, field values and field tables: no size in the data is believed."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from struct import Struct

from pamqp.common import FieldTable, FieldValue

from .errors import ProtocolError, ReplyCode

__all__ = [
    "FieldValue", "Table", "check_table", "read_long_string", "read_short_string", "read_table", "read_value",
    "split_table",
]  # fmt: skip

Table = FieldTable

_MAX_DEPTH = 32
_LONG = Struct(">I")
_DECIMAL = Struct(">Bi")
_TIMESTAMP = Struct(">Q")
# RabbitMQ's reading of the type letters, which is not the specification's: rabbitmq.com/amqp-0-9-1-errata.html
_NUMBERS: dict[int, Struct] = {
    ord(letter): Struct(">" + code)
    for letter, code in {
        "t": "?", "b": "b", "B": "B", "s": "h", "u": "H", "I": "i", "i": "I", "l": "q", "L": "q", "f": "f", "d": "d",
    }.items()
}  # fmt: skip
_STRING, _BYTES, _TABLE, _ARRAY, _VOID, _TIME, _DECIMAL_TYPE = b"SxFAVTD"
_SIZED = frozenset({_STRING, _BYTES, _TABLE, _ARRAY})
_FIXED_SIZES = {letter: number.size for letter, number in _NUMBERS.items()} | {_VOID: 0, _TIME: 8, _DECIMAL_TYPE: 5}


def _malformed(what: str) -> ProtocolError:
    return ProtocolError(ReplyCode.SYNTAX_ERROR, f"malformed {what}")


def read_short_string(data: bytes, at: int) -> tuple[str, int]:
    """Return the string at an offset and the offset after it."""
    if at >= len(data):
        raise _malformed("short string: the frame ends before it")
    end = at + 1 + data[at]
    if end > len(data):
        raise _malformed("short string: it is longer than the frame")
    try:
        return data[at + 1 : end].decode(), end
    except UnicodeDecodeError as error:
        raise _malformed("short string: it is not UTF-8") from error


def read_long_string(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the bytes at an offset and the offset after them."""
    start = at + 4
    if start > len(data):
        raise _malformed("long string: the frame ends before it")
    end = start + int(_LONG.unpack_from(data, at)[0])
    if end > len(data):
        raise _malformed("long string: it is longer than the frame")
    return data[start:end], end


def read_table(data: bytes, at: int, depth: int = 0) -> tuple[Table, int]:
    """Return the field table at an offset and the offset after it."""
    content, end = read_long_string(data, at)
    table: Table = {}
    position = 0
    while position < len(content):
        name, position = read_short_string(content, position)
        table[name], position = _read_value(content, position, depth + 1)
    return table, end


def check_table(data: bytes, at: int) -> int:
    """Walk over a table without building it; return the offset after it. What it accepts, `read_table` reads."""
    end = _skip_sized(data, at)
    _check_entries(data, at + 4, end, named=True, depth=1)
    return end


def split_table(data: bytes, at: int) -> dict[str, bytes]:
    """Return a table's entries with their values as raw bytes, type letter included: rewriting loses no type."""
    content, _ = read_long_string(data, at)
    entries: dict[str, bytes] = {}
    position = 0
    while position < len(content):
        name, start = read_short_string(content, position)
        position = _check_value(content, start, 1)
        entries[name] = content[start:position]
    return entries


def read_value(data: bytes) -> FieldValue:
    """Return the value that starts with its type letter at the beginning of the data."""
    return _read_value(data, 0, 1)[0]


def _read_value(data: bytes, at: int, depth: int) -> tuple[FieldValue, int]:
    end = _check_value(data, at, depth)
    letter, start = data[at], at + 1
    if letter in _NUMBERS:
        number: bool | int | float = _NUMBERS[letter].unpack_from(data, start)[0]
        return number, end
    if letter == _TABLE:
        return read_table(data, start, depth)
    return _READERS[letter](data, start, depth), end


def _read_string(data: bytes, at: int, depth: int) -> str | bytes:
    text, _ = read_long_string(data, at)
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text


def _read_array(data: bytes, at: int, depth: int) -> list[FieldValue]:
    content, _ = read_long_string(data, at)
    values: list[FieldValue] = []
    position = 0
    while position < len(content):
        value, position = _read_value(content, position, depth + 1)
        values.append(value)
    return values


def _read_time(data: bytes, at: int, depth: int) -> datetime | int:
    seconds: int = _TIMESTAMP.unpack_from(data, at)[0]
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return seconds  # beyond the year 9999: some clients send milliseconds


def _read_decimal(data: bytes, at: int, depth: int) -> Decimal:
    places, digits = _DECIMAL.unpack_from(data, at)
    return Decimal(digits).scaleb(-places)


_READERS: dict[int, Callable[[bytes, int, int], FieldValue]] = {
    _STRING: _read_string,
    _BYTES: lambda data, at, depth: read_long_string(data, at)[0],
    _ARRAY: _read_array,
    _VOID: lambda data, at, depth: None,
    _TIME: _read_time,
    _DECIMAL_TYPE: _read_decimal,
}


def _skip_sized(data: bytes, at: int) -> int:
    if at + 4 > len(data):
        raise _malformed("field: the frame ends before its size")
    end = at + 4 + int(_LONG.unpack_from(data, at)[0])
    if end > len(data):
        raise _malformed("field: it is longer than the frame")
    return end


def _check_value(data: bytes, at: int, depth: int) -> int:
    if at >= len(data):
        raise _malformed("field table: a name without a value")
    letter = data[at]
    if letter in _SIZED:
        end = _skip_sized(data, at + 1)
        if letter in (_TABLE, _ARRAY):
            _check_entries(data, at + 5, end, named=letter == _TABLE, depth=depth + 1)
        return end
    size = _FIXED_SIZES.get(letter)
    if size is None:
        raise _malformed(f"field table: unknown type {bytes([letter])!r}")
    if at + 1 + size > len(data):
        raise _malformed("field: the frame ends within it")
    return at + 1 + size


def _check_entries(data: bytes, at: int, end: int, *, named: bool, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise _malformed(f"field table: nested deeper than {_MAX_DEPTH}")
    while at < end:
        if named:
            start = at + 1
            at = start + data[at]
            if at >= end:
                raise _malformed("field table: a name without a value")
            if not data[start:at].isascii():
                read_short_string(data, start - 1)
        at = _check_value(data, at, depth)
    if at != end:
        raise _malformed("field table: an entry is longer than the table")
