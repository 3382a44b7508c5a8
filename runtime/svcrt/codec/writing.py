"""The judge of what is written: writers compiled from shapes, from typed values to JSON-like ones, noting every fault.

A value of another Python type than the contract's is taken where its JSON obeys the contract (a tuple for a list, text
for a UUID): so says msgspec's encoder, and so says the judge.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from svcrt.codec.faults import INVALID, Path, Walk
from svcrt.codec.reading import Readers, key_converter
from svcrt.codec.shapes import (
    AnyShape,
    EnumShape,
    ListShape,
    MapShape,
    NoneShape,
    OptionalShape,
    Scalar,
    SetShape,
    Shape,
    StructShape,
    UnionShape,
)
from svcrt.codec.values import converter, finite, fitted
from svcrt.structs import TAG_FIELD, Digits, UnknownVariant

Write: TypeAlias = Callable[[Any, Path, Walk], Any]
"""Turns a typed value into a JSON-like one; notes faults in the walk and then returns INVALID."""

REFUSALS = (msgspec.MsgspecError, TypeError, ValueError, OverflowError, AttributeError)
"""What msgspec raises for a value that it cannot write."""


class Writers:
    """Compiles writers; a struct that is met twice is written by one function.

    Args:
        packed: leave bytes as they are, for MessagePack.
    """

    def __init__(self, readers: Readers, *, packed: bool = False) -> None:
        self._readers = readers
        self._packed = packed
        self._structs: dict[int, Write] = {}

    def of(self, shape: Shape) -> Write:
        """Return the writer of `shape`."""
        match shape:
            case Scalar():
                return _or_else(shape.kind, _scalar(shape, packed=self._packed), self._readers, shape)
            case EnumShape(cls=cls):
                return _or_else(cls, lambda value, path, walk: value.value, self._readers, shape)
            case AnyShape():
                return _any
            case NoneShape():
                return lambda value, path, walk: None if value is None else walk.fault(path, "must be None")
            case OptionalShape(item=item):
                write = self.of(item)
                return lambda value, path, walk: None if value is None else write(value, path, walk)
            case ListShape():
                return _or_else((list, tuple), _items(shape, self.of(shape.item)), self._readers, shape)
            case SetShape():
                return _or_else((set, frozenset), _items(shape, self.of(shape.item)), self._readers, shape)
            case MapShape():
                return _or_else(dict, _entries(shape, self.of(shape.value)), self._readers, shape)
            case StructShape():
                return self._struct(shape)
            case UnionShape():
                return self._union(shape)

    def _struct(self, shape: StructShape) -> Write:
        known = self._structs.get(id(shape))
        if known is not None:
            return known
        fields: list[tuple[str, str, Write]] = []
        write = _or_else(shape.cls, _fields(shape, fields), self._readers, shape)
        self._structs[id(shape)] = write
        fields.extend((each.name, each.wire, self.of(each.shape)) for each in shape.fields)
        return write

    def _union(self, shape: UnionShape) -> Write:
        writers = [(variant.cls, self._struct(variant)) for variant in shape.variants.values()]

        def write(value: Any, path: Path, walk: Walk) -> Any:
            for cls, write_variant in writers:
                if isinstance(value, cls):
                    return write_variant(value, path, walk)
            assert isinstance(value, UnknownVariant)
            return _unknown(value, shape, path, walk)

        classes = tuple(cls for cls, _ in writers)
        return _or_else((*classes, UnknownVariant), write, self._readers, shape)


def _or_else(classes: Any, write: Write, readers: Readers, shape: Shape) -> Write:
    """Return a writer that takes other Python values than `classes` too, where their JSON obeys the contract."""

    def write_any(value: Any, path: Path, walk: Walk) -> Any:
        if isinstance(value, classes):
            return write(value, path, walk)
        try:
            plain = msgspec.to_builtins(value, str_keys=True)
        except REFUSALS:
            return walk.fault(path, f"must be {shape.expected}")
        # Compiled here, since it is needed for wrong types only.
        result = readers.of(shape)(plain, path, walk)
        if isinstance(result, UnknownVariant):
            # A struct of no variant's class would go out whole; what is unknown says so by its class.
            return walk.fault(path, f"must be {shape.expected}, or an UnknownVariant")
        return INVALID if result is INVALID else write(result, path, walk)

    return write_any


def _scalar(shape: Scalar, *, packed: bool) -> Write:
    compiled = _bytes if packed and shape.kind is bytes else _CONVERTERS.get(shape.kind, _native)
    convert, message = compiled(shape), f"must be {shape.expected}"

    def write(value: Any, path: Path, walk: Walk) -> Any:
        try:
            return convert(value)
        except REFUSALS:
            return walk.fault(path, message)

    return write


def _decimal(shape: Scalar) -> Callable[[Any], Any]:
    digits: Digits | None = shape.digits
    assert digits is not None
    return lambda value: format(fitted(value, digits), "f")


def _timestamp(shape: Scalar) -> Callable[[Any], Any]:
    def convert(value: datetime) -> Any:
        if value.utcoffset() is None:
            raise ValueError("naive")
        return msgspec.to_builtins(value.astimezone(UTC))

    return convert


def _exact(shape: Scalar) -> Callable[[Any], Any]:
    check = converter(shape)
    kind: type[Any] = shape.kind
    # A subclass (an IntEnum, numpy's float64) is written as the plain number that it is.
    return lambda value: check(value if type(value) in (bool, int) else kind.__pos__(value))


def _str(shape: Scalar) -> Callable[[Any], Any]:
    check = converter(shape)
    return lambda value: check(str.__str__(value))


def _bytes(shape: Scalar) -> Callable[[Any], Any]:
    check = converter(shape)
    return lambda value: check(bytes(value))


def _native(shape: Scalar) -> Callable[[Any], Any]:
    check = converter(shape)

    def convert(value: Any) -> Any:
        if shape.kind is date and isinstance(value, datetime):
            raise TypeError
        plain = msgspec.to_builtins(value)
        check(plain)
        return plain

    return convert


_CONVERTERS: dict[type[Any], Callable[[Scalar], Callable[[Any], Any]]] = {
    bool: converter,
    int: _exact,
    float: _exact,
    str: _str,
    Decimal: _decimal,
    datetime: _timestamp,
    date: _native,
    time: _native,
    timedelta: _native,
}


def _any(value: Any, path: Path, walk: Walk) -> Any:
    try:
        plain = msgspec.to_builtins(value, str_keys=True)
    except REFUSALS:
        return walk.fault(path, "must be a value that JSON can hold")
    return (
        plain if finite(plain) else walk.fault(path, "must be a value that JSON can hold, without NaN and infinities")
    )


def _fields(shape: StructShape, fields: list[tuple[str, str, Write]]) -> Write:
    start = {} if shape.tag is None else {TAG_FIELD: shape.tag}

    def write(value: Any, path: Path, walk: Walk) -> Any:
        written: dict[str, Any] = dict(start)
        for name, wire, write_field in fields:
            try:
                item = getattr(value, name)
            except AttributeError:
                walk.fault((path, wire), "is not set")
            else:
                written[wire] = write_field(item, (path, wire), walk)
        return written

    return write


def _unknown(value: UnknownVariant, shape: UnionShape, path: Path, walk: Walk) -> Any:
    if not shape.open or type(value.tag) is not str or value.tag in shape.variants:
        return walk.fault(path, f"must be {shape.expected}; an unknown variant does not fit here")
    if type(value.value) is not dict or value.value.get(TAG_FIELD) != value.tag:
        return walk.fault(path, "is an unknown variant whose `value` must hold its tag under `type`")
    return _any(value.value, path, walk)


def _size_fits(shape: ListShape | SetShape | MapShape, size: int) -> bool:
    return (shape.shortest is None or size >= shape.shortest) and (shape.longest is None or size <= shape.longest)


def _items(shape: ListShape | SetShape, write_item: Write) -> Write:
    def write(value: Any, path: Path, walk: Walk) -> Any:
        if not _size_fits(shape, len(value)):
            walk.fault(path, f"must be {shape.expected}")
        return [write_item(item, (path, index), walk) for index, item in enumerate(value)]

    return write


def _entries(shape: MapShape, write_value: Write) -> Write:
    convert, message = key_converter(shape.key), f"must have a key that is {shape.key.expected}"

    def write(value: Any, path: Path, walk: Walk) -> Any:
        if not _size_fits(shape, len(value)):
            walk.fault(path, f"must be {shape.expected}")
        written: dict[str, Any] = {}
        for key, item in value.items():
            try:
                name = next(iter(msgspec.to_builtins({key: None}, str_keys=True)))
                convert(name)
            except REFUSALS:
                walk.fault((path, _shown(key)), message)
                continue
            inner = (path, name)
            if name in written:
                walk.fault(inner, "is a key twice; give each once")
            written[name] = write_value(item, inner, walk)
        return written

    return write


def _shown(key: Any) -> str:
    return key if isinstance(key, str) else f"({type(key).__name__})"
