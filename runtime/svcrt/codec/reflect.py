"""From a type expression of generated code to its shape. Everything is in the annotations; there is no second table."""

import re
import types
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

import msgspec

from svcrt.codec import words
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
from svcrt.structs import ClosedEnum, Digits, OpenEnum, Renamed, UnknownVariant

_EXPECTED = {
    bool: "true or false",
    UUID: "a UUID",
    datetime: "a date and time with offset, such as `2024-01-31T12:00:00Z`",
    date: "a date, such as `2024-01-31`",
    time: "a time of day without offset, such as `12:30:00`",
    timedelta: "a duration, such as `PT1H30M`",
}


class UnsupportedType(TypeError):
    """A type expression that generated code never contains."""


class Reflector:
    """Builds shapes; a struct that is met twice is one shape."""

    def __init__(self) -> None:
        self._structs: dict[type[Any], StructShape] = {}

    def shape(self, annotation: Any) -> Shape:
        """Return the shape of a type expression. Raises UnsupportedType, TypeError, NameError on what is not ours."""
        metadata: tuple[Any, ...] = ()
        while get_origin(annotation) is Annotated:
            metadata = (*annotation.__metadata__, *metadata)
            annotation = annotation.__origin__
        if annotation is None or annotation is type(None):
            return NoneShape()
        if annotation is Any or annotation is object:
            return AnyShape()
        if isinstance(annotation, type) and get_origin(annotation) is None:
            return self._class(annotation, metadata)
        if get_origin(annotation) in (Union, types.UnionType):
            return self._union(get_args(annotation), metadata)
        return self._container(annotation, metadata)

    def _class(self, cls: type[Any], metadata: tuple[Any, ...]) -> Shape:
        if issubclass(cls, OpenEnum | ClosedEnum):
            known = words.one_of([member.value for member in cls])
            is_open = issubclass(cls, OpenEnum)
            return EnumShape(cls=cls, open=is_open, expected="text" if is_open else known)
        if issubclass(cls, msgspec.Struct):
            return self._struct(cls)
        return _scalar(cls, metadata)

    def _container(self, annotation: Any, metadata: tuple[Any, ...]) -> Shape:
        origin, arguments = get_origin(annotation), get_args(annotation)
        shortest, longest = _limit(metadata, "min_length"), _limit(metadata, "max_length")
        size = words.lengths(shortest, longest, "item", "items")
        if origin is list:
            item = self.shape(arguments[0])
            return ListShape(item=item, shortest=shortest, longest=longest, expected=f"a list{size}")
        if origin is set:
            item = self.shape(arguments[0])
            return SetShape(item=item, shortest=shortest, longest=longest, expected=f"a list{size}, none twice")
        if origin is dict:
            key = self.shape(arguments[0])
            if isinstance(key, EnumShape) or (isinstance(key, Scalar) and key.kind in (str, int, UUID)):
                value = self.shape(arguments[1])
                expected = "an object" + words.lengths(shortest, longest, "entry", "entries")
                return MapShape(key=key, value=value, shortest=shortest, longest=longest, expected=expected)
        raise UnsupportedType(f"no contract can hold the type {annotation!r}")

    def _union(self, members: tuple[Any, ...], metadata: tuple[Any, ...]) -> Shape:
        present = tuple(member for member in members if member is not type(None))
        if len(present) < len(members):
            rest = Union[present] if not metadata else Annotated[(Union[present], *metadata)]  # noqa: UP007
            item = self.shape(rest)
            return OptionalShape(item=item, expected=f"{item.expected}, or null")
        is_open = UnknownVariant in present
        variants = {}
        for member in present:
            if member is not UnknownVariant:
                variant = self.shape(member)
                if not isinstance(variant, StructShape) or variant.tag is None:
                    raise UnsupportedType(f"a union takes tagged structs, not {member!r}")
                variants[variant.tag] = variant
        expected = f"an object whose `type` is {words.one_of(list(variants))}"
        return UnionShape(variants=variants, open=is_open, expected=expected)

    def _struct(self, cls: type[Any]) -> StructShape:
        if cls in self._structs:
            return self._structs[cls]
        tag = cls.__struct_config__.tag
        shape = self._structs[cls] = StructShape(cls=cls, tag=tag, expected="an object")
        infos = msgspec.structs.fields(cls)
        present = {info.encode_name for info in infos}
        shape.fields = tuple(self._field(info, present) for info in infos)
        return shape

    def _field(self, info: msgspec.structs.FieldInfo, present: set[str]) -> FieldShape:
        old = next((marker.old for marker in _markers(info.type) if isinstance(marker, Renamed)), None)
        return FieldShape(
            name=info.name,
            wire=info.encode_name,
            # A name that is in use again means the field that bears it now.
            old=None if old in present else old,
            shape=self.shape(info.type),
            required=info.required,
        )


def _markers(annotation: Any) -> tuple[Any, ...]:
    inner = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType, Annotated) else ()
    found = tuple(getattr(annotation, "__metadata__", ()))
    return found + tuple(marker for part in inner for marker in _markers(part))


def _limit(metadata: tuple[Any, ...], name: str) -> Any:
    found = [getattr(each, name) for each in metadata if isinstance(each, msgspec.Meta)]
    return next((value for value in found if value is not None), None)


def _scalar(cls: type[Any], metadata: tuple[Any, ...]) -> Scalar:
    native: Any = cls
    metas = [each for each in metadata if isinstance(each, msgspec.Meta)]
    if metas:
        native = Annotated[(cls, *metas)]
    low, high = _limit(metadata, "ge"), _limit(metadata, "le")
    shortest, longest = _limit(metadata, "min_length"), _limit(metadata, "max_length")
    pattern = _limit(metadata, "pattern")
    digits = next((each for each in metadata if isinstance(each, Digits)), None)
    if cls is int:
        expected = words.whole_number(low, high)
    elif cls is float:
        expected = "a number" + words.between(low, high)
    elif cls is str:
        expected = words.text(shortest, longest, pattern)
    elif cls is bytes:
        expected = "bytes in base64" + words.lengths(shortest, longest, "byte", "bytes")
    elif cls is Decimal and digits is not None:
        expected = words.decimal(digits)
    elif cls in _EXPECTED:
        expected = _EXPECTED[cls]
    else:
        raise UnsupportedType(f"no contract can hold the type `{cls.__qualname__}`")
    return Scalar(
        kind=cls,
        native=native,
        low=low,
        high=high,
        shortest=shortest,
        longest=longest,
        regex=None if pattern is None else re.compile(pattern),
        digits=digits,
        expected=expected,
    )
