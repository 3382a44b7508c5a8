"""Native types that stand for the JSON of a shape, so that msgspec's compiled decoder can judge what was or is written.

They take a part of what the contract takes, never more: what they refuse, the reader (reading.py) decides. A decimal
is text of a pattern, a timestamp is text in UTC, a set is a list without equal items. The strict ones refuse unknown
fields, which is a property of the struct in msgspec; the lenient ones refuse former names, which msgspec would skip.
"""

import operator
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from types import GenericAlias
from typing import Annotated, Any, Literal, Union
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

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
from svcrt.structs import INT64_MAX, INT64_MIN, TAG_FIELD, Digits, UnknownVariant

_NOTHING: Any = Annotated[str, Meta(min_length=1, max_length=0)]
"""A type that no JSON fits: msgspec refuses, the reader decides."""

_DAY = r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
_UTC: Any = Annotated[
    # 29 February and fractions beyond microseconds are left to the reader.
    str, Meta(pattern=rf"(?a)\A(?!0000)\d{{4}}-{_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{{1,6}})?Z\Z")
]

_UUID: Any = Annotated[str, Meta(pattern=r"\A[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
_WHOLE: Any = Annotated[str, Meta(pattern=r"\A(?:0|-?[1-9][0-9]{0,17})\Z")]
_GREATEST = sys.float_info.max


class WireTypes:
    """Builds wire types of one flavour; a struct that is met twice is one type.

    Args:
        strict: refuse unknown fields.
        packed: for the converter, which reads what MessagePack holds: NaN, UUIDs as bytes and numbers as keys, too.
    """

    def __init__(self, *, strict: bool, packed: bool = False) -> None:
        self._strict = strict
        self._packed = packed
        self._structs: dict[int, type[msgspec.Struct]] = {}

    def of(self, shape: Shape) -> Any:
        """Return the type expression that stands for `shape` on the wire."""
        match shape:
            case Scalar():
                return _packed_scalar(shape) if self._packed else _scalar(shape)
            case EnumShape(open=True):
                return str
            case EnumShape(cls=cls):
                return Literal[tuple(member.value for member in cls)]
            case AnyShape():
                return Any
            case NoneShape():
                return None
            case OptionalShape(item=item):
                return self.of(item) | None
            case ListShape(item=item) | SetShape(item=item):
                wire = self.of(item) if isinstance(shape, ListShape) else _set_item(self.of(item), item)
                return _sized(GenericAlias(list, (wire,)), shape.shortest, shape.longest)
            case MapShape(key=key, value=value):
                wire = _packed_key(key, self.of(key)) if self._packed else self.of(key)
                return _sized(GenericAlias(dict, (wire, self.of(value))), shape.shortest, shape.longest)
            case StructShape():
                return self._struct(shape)
            case UnionShape(variants=variants, open=is_open):
                # With a single member msgspec would not ask for the tag.
                more = (UnknownVariant,) if is_open else ()
                return Union[(*map(self._struct, variants.values()), *more)]

    def _struct(self, shape: StructShape) -> type[msgspec.Struct]:
        if id(shape) in self._structs:
            return self._structs[id(shape)]
        # Fields get plain names, since the contract's may be anything, and their types afterwards, since a struct may
        # hold itself.
        names = [f"f{index}" for index in range(len(shape.fields))]
        olds = [] if self._strict else [each.old for each in shape.fields if each.old is not None]
        wires = dict(zip(names, (each.wire for each in shape.fields), strict=True))
        wires.update((f"old{index}", old) for index, old in enumerate(olds))
        required = {name for name, each in zip(names, shape.fields, strict=True) if each.required}
        cls = self._structs[id(shape)] = msgspec.defstruct(
            shape.cls.__name__,
            [(name, Any) if name in required else (name, Any, UNSET) for name in wires],
            kw_only=True,
            rename=wires,
            forbid_unknown_fields=self._strict,
            namespace=_uniqueness(names, shape.fields),
            gc=False,
            tag=shape.tag,
            tag_field=None if shape.tag is None else TAG_FIELD,
        )
        for name, each in zip(names, shape.fields, strict=True):
            wire = self.of(each.shape)
            cls.__annotations__[name] = wire if name in required or wire is Any else wire | UnsetType
        for index in range(len(olds)):
            cls.__annotations__[f"old{index}"] = UnsetType
        return cls


def _sized(native: Any, shortest: int | None, longest: int | None) -> Any:
    if shortest is None and longest is None:
        return native
    return Annotated[native, Meta(min_length=shortest, max_length=longest)]


def _scalar(shape: Scalar) -> Any:
    if shape.digits is not None:
        return Annotated[str, Meta(pattern=decimal_pattern(shape.digits))]
    return _UTC if shape.kind is datetime else shape.native


def _packed_scalar(shape: Scalar) -> Any:
    if shape.kind is float:
        low = -_GREATEST if shape.low is None else shape.low
        high = _GREATEST if shape.high is None else shape.high
        return Annotated[float, Meta(ge=low, le=high)]
    return _UUID if shape.kind is UUID else _scalar(shape)


def _packed_key(key: Scalar | EnumShape, wire: Any) -> Any:
    if not isinstance(key, Scalar) or key.kind is not int:
        return wire
    # A key that is a number fits as well as its text.
    return _WHOLE if (key.low, key.high) == (INT64_MIN, INT64_MAX) else _NOTHING


def _set_item(wire: Any, item: Shape) -> Any:
    # Equal decimals and timestamps can be written differently.
    return _NOTHING if isinstance(item, Scalar) and item.kind in (Decimal, datetime) else wire


def decimal_pattern(digits: Digits) -> str:
    """Return a regular expression of decimal text that certainly fits `digits`; near its limits the reader decides."""
    whole = digits.precision - digits.scale
    sign, longest, shortest = "-?", whole, 0
    if digits.ge is not None:
        low = Decimal(digits.ge)
        if low < 0:
            longest = min(longest, _digits_before_point(low) - 1)
        else:
            sign = ""
            shortest = _digits_before_point(low) + 1 if low > 0 else 0
    if digits.le is not None:
        high = Decimal(digits.le)
        longest = min(longest, _digits_before_point(high) - 1) if high > 0 else -1
    if longest < shortest or longest < 0:
        return r"\A(?!)"
    number = rf"[1-9][0-9]{{{max(shortest - 1, 0)},{longest - 1}}}" if longest > 0 else ""
    if shortest == 0:
        number = f"(?:0|{number})" if number else "0"
    fraction = rf"(?:\.[0-9]{{1,{digits.scale}}})?" if digits.scale > 0 else ""
    return rf"\A{sign}{number}{fraction}\Z"


def _digits_before_point(number: Decimal) -> int:
    return 0 if abs(number) < 1 else number.adjusted() + 1


def _uniqueness(names: list[str], fields: tuple[FieldShape, ...]) -> dict[str, Any]:
    """Return a namespace whose `__post_init__` refuses equal items in sets; empty without sets."""
    checks = [
        (operator.attrgetter(name), check)
        for name, each in zip(names, fields, strict=True)
        if (check := unequal(each.shape)) is not None
    ]
    if not checks:
        return {}

    def refuse_equal_items(wire: Any) -> None:
        for get, check in checks:
            value = get(wire)
            if value is not UNSET and not check(value):
                raise ValueError("equal items")

    return {"__post_init__": refuse_equal_items}


def unequal(shape: Shape) -> Callable[[Any], bool] | None:
    """Return a test of a wire value, up to the next struct, for sets without equal items; None where no set can be."""
    match shape:
        case SetShape():
            return lambda value: len(value) == len(set(value))
        case OptionalShape(item=item):
            return _inside(item, lambda value: () if value is None else (value,))
        case ListShape(item=item):
            return _inside(item, lambda value: value)
        case MapShape(value=item):
            return _inside(item, lambda value: value.values())
        case _:
            return None


def _inside(item: Shape, parts: Callable[[Any], Iterable[Any]]) -> Callable[[Any], bool] | None:
    check = unequal(item)
    return None if check is None else lambda value: all(map(check, parts(value)))


def needs_wire(shape: Shape) -> bool:
    """Tell whether reading `shape` natively takes more than the contract, so that its wire type must agree too."""
    match shape:
        case Scalar(kind=kind):
            return kind in (Decimal, datetime)
        case SetShape():
            return True
        case StructShape(fields=fields):
            return any(each.old is not None for each in fields)
        case _:
            return False
