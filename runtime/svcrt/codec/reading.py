"""The judge of what arrives: readers compiled from shapes, from JSON-like values to typed ones, noting every fault."""

from collections.abc import Callable
from types import GenericAlias
from typing import Any

import msgspec

from svcrt.codec import words
from svcrt.codec.faults import INVALID, Path, Walk
from svcrt.codec.shapes import (
    AnyShape,
    EnumShape,
    FieldShape,
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
from svcrt.codec.values import Read, Text, converter, encodable, finite, from_json_text, scalar_reader, without_bytes
from svcrt.structs import TAG_FIELD, UnknownVariant

_MISSING: Any = object()


class Readers:
    """Compiles readers; a struct that is met twice is read by one function."""

    def __init__(self) -> None:
        self._structs: dict[int, Read] = {}

    def of(self, shape: Shape) -> Read:
        """Return the reader of `shape`."""
        match shape:
            case Scalar():
                return scalar_reader(shape)
            case EnumShape():
                return _enum(shape)
            case AnyShape():
                return _any
            case NoneShape():
                return _none
            case OptionalShape(item=item):
                return _optional(self.of(item))
            case ListShape():
                return _list(shape, self.of(shape.item))
            case SetShape():
                return _set(shape, self.of(shape.item))
            case MapShape():
                return _map(shape, _key(shape.key), self.of(shape.value))
            case StructShape():
                return self._struct(shape)
            case UnionShape():
                return _union(shape, {tag: self._struct(variant) for tag, variant in shape.variants.items()})

    def _struct(self, shape: StructShape) -> Read:
        known = self._structs.get(id(shape))
        if known is not None:
            return known
        fields: list[tuple[FieldShape, Read]] = []
        read = self._structs[id(shape)] = _struct(shape, fields)
        fields.extend((each, self.of(each.shape)) for each in shape.fields)
        return read


def _plain(value: Any) -> Any:
    """Return what a structured value is made of, where it came as text: JSON."""
    if type(value) is Text:
        try:
            return from_json_text(value)
        except ValueError:
            return value
    return value


def _struct(shape: StructShape, fields: list[tuple[FieldShape, Read]]) -> Read:
    cls, tag = shape.cls, shape.tag
    names = {each.wire for each in shape.fields} | {each.old for each in shape.fields if each.old is not None}
    known = names if tag is None else names | {TAG_FIELD}

    def read(value: Any, path: Path, walk: Walk) -> Any:
        value = _plain(value)
        if type(value) is not dict:
            return walk.fault(path, f"must be {shape.expected}")
        before = len(walk.faults)
        arguments = {}
        for field, read_field in fields:
            wire, raw = _pick(field, value, path, walk)
            if raw is not _MISSING:
                arguments[field.name] = read_field(raw, (path, wire), walk)
        if tag is not None and value.get(TAG_FIELD, tag) != tag:
            walk.fault((path, TAG_FIELD), f"must be `{tag}`")
        if walk.strict:
            for name in value:
                if name not in known:
                    walk.fault((path, str(name)), f"is not a field of `{cls.__name__}`; leave it out")
        return cls(**arguments) if len(walk.faults) == before else INVALID

    return read


def _pick(field: FieldShape, value: dict[str, Any], path: Path, walk: Walk) -> tuple[str, Any]:
    """Return the name under which a field came and its value; `_MISSING`, noted if it is required, where it did not."""
    raw = value.get(field.wire, _MISSING)
    if field.old is not None and field.old in value:
        if raw is _MISSING:
            return field.old, value[field.old]
        walk.fault((path, field.old), f"is the former name of `{field.wire}`, which is there too; leave it out")
    elif raw is _MISSING and field.required:
        walk.fault((path, field.wire), f"is missing; it must be {field.shape.expected}")
    return field.wire, raw


def _union(shape: UnionShape, variants: dict[str, Read]) -> Read:
    def read(value: Any, path: Path, walk: Walk) -> Any:
        value = _plain(value)
        if type(value) is not dict:
            return walk.fault(path, f"must be {shape.expected}")
        tag = value.get(TAG_FIELD)
        if type(tag) is not str:
            problem = "must be" if TAG_FIELD in value else "is missing; it must be"
            return walk.fault((path, TAG_FIELD), f"{problem} {words.one_of(list(variants))}")
        variant = variants.get(tag)
        if variant is not None:
            return variant(value, path, walk)
        if not shape.open:
            return walk.fault((path, TAG_FIELD), f"must be {words.one_of(list(variants))}")
        if not finite(value) and not finite(value := without_bytes(value)):
            return walk.fault(path, "must be an object that JSON can hold, without NaN and infinities")
        return UnknownVariant(tag, value)

    return read


def _enum(shape: EnumShape) -> Read:
    convert, message = enum_converter(shape), f"must be {shape.expected}"

    def read(value: Any, path: Path, walk: Walk) -> Any:
        try:
            return convert(value)
        except (TypeError, ValueError):
            return walk.fault(path, message)

    return read


def _any(value: Any, path: Path, walk: Walk) -> Any:
    value = _plain(value)
    if type(value) is Text:
        value = str(value)
    if not finite(value) and not finite(value := without_bytes(value)):
        return walk.fault(path, "must be a JSON value, without NaN and infinities")
    return value


def _none(value: Any, path: Path, walk: Walk) -> Any:
    return None if value is None else walk.fault(path, "must be null")


def _optional(read_item: Read) -> Read:
    def read(value: Any, path: Path, walk: Walk) -> Any:
        return None if value is None else read_item(value, path, walk)

    return read


def _sized(shape: ListShape | SetShape | MapShape, value: Any, kind: type[Any], path: Path, walk: Walk) -> bool:
    if type(value) is kind:
        size = len(value)
        if (shape.shortest is None or size >= shape.shortest) and (shape.longest is None or size <= shape.longest):
            return True
    walk.fault(path, f"must be {shape.expected}")
    return type(value) is kind


def _several(value: Any) -> Any:
    """Return a list where a single text stands for a list of one (a query key given once)."""
    return [value] if type(value) is Text else value


def _list(shape: ListShape, read_item: Read) -> Read:
    def read(value: Any, path: Path, walk: Walk) -> Any:
        value = _several(value)
        before = len(walk.faults)
        if not _sized(shape, value, list, path, walk):
            return INVALID
        items = [read_item(item, (path, index), walk) for index, item in enumerate(value)]
        return items if len(walk.faults) == before else INVALID

    return read


def _set(shape: SetShape, read_item: Read) -> Read:
    def read(value: Any, path: Path, walk: Walk) -> Any:
        value = _several(value)
        before = len(walk.faults)
        if not _sized(shape, value, list, path, walk):
            return INVALID
        items: set[Any] = set()
        for index, item in enumerate(value):
            result = read_item(item, (path, index), walk)
            if result in items:
                walk.fault((path, index), "equals an item before it; give each once")
            elif result is not INVALID:
                items.add(result)
        return items if len(walk.faults) == before else INVALID

    return read


def _map(shape: MapShape, read_key: Read, read_value: Read) -> Read:
    def read(value: Any, path: Path, walk: Walk) -> Any:
        value = _plain(value)
        before = len(walk.faults)
        if not _sized(shape, value, dict, path, walk):
            return INVALID
        entries = {}
        for name, item in value.items():
            inner = (path, str(name))
            key = read_key(name, inner, walk)
            result = read_value(item, inner, walk)
            if key is not INVALID:
                entries[key] = result
        return entries if len(walk.faults) == before else INVALID

    return read


def _key(shape: Scalar | EnumShape) -> Read:
    convert = key_converter(shape)
    message = f"must have a key that is {shape.expected}"

    def read(name: Any, path: Path, walk: Walk) -> Any:
        try:
            return convert(name)
        except (TypeError, ValueError, msgspec.ValidationError):
            return walk.fault(path, message)

    return read


def key_converter(shape: Scalar | EnumShape) -> Callable[[Any], Any]:
    """Return what turns the text of a key into the key; it raises TypeError, ValueError, msgspec.ValidationError."""
    if isinstance(shape, EnumShape):
        return enum_converter(shape)
    if shape.kind is str:
        return converter(shape)
    native = GenericAlias(dict, (shape.native, None))

    def convert(name: Any) -> Any:
        if type(name) is not str:
            raise TypeError
        # As msgspec itself reads keys: its reading of a lone text takes more.
        return next(iter(msgspec.convert({name: None}, native, str_keys=True)))

    return convert


def enum_converter(shape: EnumShape) -> Callable[[Any], Any]:
    """Return what turns text into a member; it raises TypeError, ValueError."""
    cls = shape.cls

    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError
        if not encodable(value):
            raise ValueError
        return cls(str(value))

    return convert
