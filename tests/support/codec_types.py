"""Hypothesis strategies for type expressions of generated code, values of them, and damage to both."""

import base64
import functools
import operator
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from svcrt.errors import InvalidValue
from svcrt.generated import (
    INT64_MAX,
    INT64_MIN,
    ClosedEnum,
    Digits,
    Format,
    Int64,
    LocalTime,
    Meta,
    OpenEnum,
    Pattern,
    Renamed,
    Struct,
    Timestamp,
    UnknownVariant,
)

REFUSED = "refused"
"""What `outcome` returns for a value that breaks the contract."""


def outcome(function: Any, *arguments: Any, **options: Any) -> Any:
    """Return what a function of a codec returns, or REFUSED."""
    try:
        return function(*arguments, **options)
    except InvalidValue:
        return REFUSED


class Colour(OpenEnum):
    """An open enum with a renamed value."""

    __renamed__ = {"crimson": "red"}  # noqa: RUF012 - as generated code writes it

    RED = "red"
    GREEN = "green"


class Size(ClosedEnum):
    """A closed enum with a renamed value."""

    __renamed__ = {"tiny": "S"}  # noqa: RUF012 - as generated code writes it

    SMALL = "S"
    LARGE = "L"


@dataclass(frozen=True)
class Typed:
    """A type expression and its values."""

    annotation: Any
    values: st.SearchStrategy[Any]
    hashable: bool = False


JSON_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(
        ["red", "crimson", "S", "tiny", "XL", "card", "cash", "1.50", "-0", "1e3", "NaN", "2024-02-29", "a@b"]
    ),
    st.sampled_from(["2024-01-01T00:00:00Z", "2024-01-01T00:00:00+02:00", "2024-02-30T00:00:00Z", "P1D", "10:00:00"]),
)
JSON_VALUES = st.recursive(
    JSON_SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abtype", max_size=4), inner, max_size=3),
    max_leaves=5,
)


def decimals(digits: Digits, low: Decimal, high: Decimal) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, allow_nan=False, places=digits.scale)


_TEXT = st.text(max_size=8)
_SCALARS = [
    Typed(bool, st.booleans(), hashable=True),
    Typed(Int64, st.integers(INT64_MIN, INT64_MAX), hashable=True),
    Typed(Annotated[int, Meta(ge=-5, le=9)], st.integers(-5, 9), hashable=True),
    Typed(float, st.floats(allow_nan=False, allow_infinity=False), hashable=True),
    Typed(Annotated[float, Meta(ge=0.0, le=1.0)], st.floats(0, 1), hashable=True),
    Typed(str, _TEXT, hashable=True),
    Typed(Annotated[str, Meta(min_length=1, max_length=3)], st.text(min_size=1, max_size=3), hashable=True),
    Typed(
        Annotated[str, Pattern("^[A-Z]{1,3}$")], st.text(string.ascii_uppercase, min_size=1, max_size=3), hashable=True
    ),
    Typed(Annotated[str, Format("email")], st.sampled_from(["a@b.c", "x.y+z@example.org"]), hashable=True),
    Typed(Annotated[str, Format("hostname")], st.sampled_from(["a", "x-1.example.org"]), hashable=True),
    Typed(bytes, st.binary(max_size=6), hashable=True),
    Typed(Annotated[bytes, Meta(min_length=2, max_length=3)], st.binary(min_size=2, max_size=3), hashable=True),
    Typed(UUID, st.uuids(), hashable=True),
    Typed(Timestamp, st.datetimes(timezones=st.just(UTC)), hashable=True),
    Typed(date, st.dates(), hashable=True),
    Typed(LocalTime, st.times(), hashable=True),
    Typed(timedelta, st.timedeltas(), hashable=True),
    Typed(Annotated[Decimal, Digits(12, 2)], decimals(Digits(12, 2), Decimal("-1e9"), Decimal("1e9")), hashable=True),
    Typed(
        Annotated[Decimal, Digits(4, 4)], decimals(Digits(4, 4), Decimal("-0.9999"), Decimal("0.9999")), hashable=True
    ),
    Typed(
        Annotated[Decimal, Digits(30, 0, ge="-12", le="12")],
        decimals(Digits(30, 0), Decimal(-12), Decimal(12)),
        hashable=True,
    ),
    Typed(
        Annotated[Decimal, Digits(6, 2, ge="0.01", le="1000")],
        decimals(Digits(6, 2), Decimal("0.01"), Decimal(1000)),
        hashable=True,
    ),
    Typed(Colour, st.sampled_from(["red", "green", "mauve"]).map(Colour), hashable=True),
    Typed(Size, st.sampled_from(Size), hashable=True),
]
_KEYS = [typed for typed in _SCALARS if typed.annotation in (str, Int64, UUID, Colour, Size)] + [
    Typed(Annotated[str, Meta(max_length=2)], st.text(max_size=2)),
    Typed(Annotated[int, Meta(ge=1, le=3)], st.integers(1, 3)),
]
_ANY = Typed(Any, JSON_VALUES)


def _list_of(item: Typed) -> Typed:
    return Typed(list[item.annotation], st.lists(item.values, max_size=3))  # type: ignore[name-defined]


def _short_list_of(item: Typed) -> Typed:
    annotation = Annotated[list[item.annotation], Meta(min_length=1, max_length=2)]  # type: ignore[name-defined]
    return Typed(annotation, st.lists(item.values, min_size=1, max_size=2))


def _set_of(item: Typed) -> Typed:
    return Typed(set[item.annotation], st.sets(item.values, max_size=3))  # type: ignore[name-defined]


def _optional(item: Typed) -> Typed:
    return item if item is _ANY else Typed(item.annotation | None, st.none() | item.values)


@st.composite
def _maps(draw: st.DrawFn, items: st.SearchStrategy[Typed]) -> Typed:
    key, value = draw(st.sampled_from(_KEYS)), draw(items)
    annotation = dict[key.annotation, value.annotation]  # type: ignore[name-defined]
    return Typed(annotation, st.dictionaries(key.values, value.values, max_size=3))


@st.composite
def _structs(draw: st.DrawFn, items: st.SearchStrategy[Typed], tag: str | None = None) -> Typed:
    parts = draw(st.lists(items, min_size=1, max_size=4))
    fields: list[Any] = []
    strategies = {}
    for index, part in enumerate(parts):
        name = f"field{index}"
        annotation = part.annotation
        if draw(st.integers(0, 4)) == 0:
            annotation = Annotated[annotation, Renamed(f"former{index}")]
        optional = draw(st.booleans()) and part is not _ANY
        fields.append((name, annotation | None, None) if optional else (name, annotation))
        strategies[name] = st.none() | part.values if optional else part.values
    cls = msgspec.defstruct(
        f"S{tag or ''}",
        fields,
        bases=(Struct,),
        kw_only=True,
        rename={"field0": "from"},
        tag=tag,
        tag_field="type" if tag else None,
    )
    return Typed(cls, st.builds(cls, **strategies))


@st.composite
def _unions(draw: st.DrawFn, items: st.SearchStrategy[Typed]) -> Typed:
    variants = [draw(_structs(items, tag)) for tag in draw(st.sampled_from([["card"], ["card", "cash"]]))]
    values = st.one_of([variant.values for variant in variants])
    annotations = [variant.annotation for variant in variants]
    if draw(st.booleans()):
        annotations.append(UnknownVariant)
        unknown = st.dictionaries(st.text("ab", max_size=2), JSON_VALUES, max_size=2)
        values = values | unknown.map(lambda value: UnknownVariant("new", {**value, "type": "new"}))
    return Typed(functools.reduce(operator.or_, annotations), values)


def _compound(items: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    scalars = st.sampled_from(_SCALARS)
    return st.one_of(
        items.map(_list_of),
        items.map(_short_list_of),
        scalars.map(_set_of),
        scalars.map(_optional),
        _maps(items),
        _structs(items),
        _structs(items),
        _unions(items),
    )


TYPES: st.SearchStrategy[Typed] = st.recursive(st.sampled_from([*_SCALARS, _ANY]), _compound, max_leaves=8)
"""Types as generated code spells them, nested; each with its values."""


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[Any, Any]:
    """A type expression and a value of it."""
    typed = draw(TYPES)
    return typed.annotation, draw(typed.values)


def with_wrong_part(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any, wrong: Any) -> Any:
    """Return a typed value with `wrong` somewhere in it, as a constructor that does not validate lets in."""
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], with_wrong_part(draw, value[index], wrong), *value[index + 1 :]]
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(list(value)))
        return {**value, key: with_wrong_part(draw, value[key], wrong)}
    if isinstance(value, msgspec.Struct) and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(value.__struct_fields__))
        return msgspec.structs.replace(value, **{name: with_wrong_part(draw, getattr(value, name), wrong)})
    return wrong


def damaged_text(draw: Callable[[st.SearchStrategy[Any]], Any], data: bytes) -> bytes:
    """Return `data` with a few bytes replaced, inserted or removed."""
    text = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(0, len(text) - 1)))
        byte = bytes([draw(st.sampled_from(list(b'0123-.eE"[]{}:, atn\\u\xff\xc3\x00')))])
        width, put = draw(st.sampled_from([(1, byte), (0, byte), (1, b"")]))
        text[place : place + width] = put
    return bytes(text)


def damaged(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any) -> Any:
    """Return a JSON-like value with one thing in it changed: replaced, removed, added or renamed."""
    if isinstance(value, list) and value and draw(st.integers(0, 2)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], damaged(draw, value[index]), *value[index + 1 :]]
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(list(value)))
        return {name: damaged(draw, item) if name == key else item for name, item in value.items()}
    return _changed(draw, value)


def _changed(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any) -> Any:
    if isinstance(value, list):
        item = draw(st.sampled_from(value) if value else JSON_VALUES)
        return draw(st.sampled_from([[*value, item], value[1:], value * 2]))
    if isinstance(value, dict):
        extra = {draw(st.sampled_from(["zzz", "type", "former0", "former1", "field1"])): draw(JSON_VALUES)}
        rest = dict(list(value.items())[1:])
        renamed = {name.replace("field", "former").replace("from", "former0"): item for name, item in value.items()}
        return draw(st.sampled_from([{**value, **extra}, rest, renamed, {**extra, **value}]))
    if isinstance(value, str):
        texts = [
            value + " ",
            value[:-1],
            value.upper(),
            f" {value}",
            "\u0661",
            base64.b64encode(value.encode()).decode(),
        ]
        return draw(st.sampled_from(texts) | JSON_VALUES)
    return draw(JSON_VALUES)
