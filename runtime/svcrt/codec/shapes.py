"""What a type takes, as a small tree that readers, writers and native types are compiled from."""

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from svcrt.structs import Digits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scalar:
    """A built-in type with its constraints.

    Attributes:
        kind: the Python class: bool, int, float, Decimal, str, bytes, UUID, datetime, date, time or timedelta.
        native: the annotation, as msgspec takes it.
        low, high: inclusive limits of a value (int, float).
        shortest, longest: inclusive limits of a length (str in code points, bytes in bytes).
        regex: what a str is searched for.
        digits: of a Decimal.
        expected: what is right, in words: `a whole number from 1 to 9`.
    """

    kind: type[Any]
    native: Any
    low: float | None = None
    high: float | None = None
    shortest: int | None = None
    longest: int | None = None
    regex: re.Pattern[str] | None = None
    digits: Digits | None = None
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnumShape:
    """An enum; an open one takes any text."""

    cls: type[enum.StrEnum]
    open: bool
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AnyShape:
    """IDL `any`: whatever JSON can hold."""

    expected: str = "a JSON value"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoneShape:
    """No result: null."""

    expected: str = "null"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListShape:
    """`list[T]`; lengths are inclusive, None where open."""

    item: "Shape"
    shortest: int | None = None
    longest: int | None = None
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetShape:
    """`set[T]`: an array without equal items on the wire."""

    item: "Shape"
    shortest: int | None = None
    longest: int | None = None
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapShape:
    """`dict[K, V]`; `key` is a str, int or UUID scalar or an enum."""

    key: "Scalar | EnumShape"
    value: "Shape"
    shortest: int | None = None
    longest: int | None = None
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OptionalShape:
    """`T | None`."""

    item: "Shape"
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldShape:
    """A field: its Python name, its wire name, its former wire name if it has one."""

    name: str
    wire: str
    old: str | None
    shape: "Shape"
    required: bool


@dataclass(slots=True, kw_only=True, eq=False)
class StructShape:
    """A struct; `fields` is filled after construction, since a struct may hold itself. `tag` is None if untagged."""

    cls: type[Any]
    tag: str | None
    expected: str
    fields: tuple[FieldShape, ...] = field(init=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnionShape:
    """A union: its variants by wire tag; an open one takes unknown tags."""

    variants: dict[str, StructShape]
    open: bool
    expected: str


Shape: TypeAlias = (
    Scalar
    | EnumShape
    | AnyShape
    | NoneShape
    | ListShape
    | SetShape
    | MapShape
    | OptionalShape
    | StructShape
    | UnionShape
)


@dataclass(slots=True, kw_only=True)
class Traits:
    """What msgspec alone cannot judge in a type.

    Attributes:
        rich: decimals, timestamps, sets or renamed fields: reading needs the wire types too.
        deep: values can be nested to any depth.
        null_hides_nan: a NaN would be written as a null that the type allows.
    """

    rich: bool = False
    deep: bool = False
    null_hides_nan: bool = False


def children(shape: Shape) -> tuple[Shape, ...]:
    """Return the shapes directly inside `shape`."""
    match shape:
        case ListShape(item=item) | SetShape(item=item) | OptionalShape(item=item):
            return (item,)
        case MapShape(key=key, value=value):
            return (key, value)
        case StructShape(fields=fields):
            return tuple(each.shape for each in fields)
        case UnionShape(variants=variants):
            return tuple(variants.values())
        case _:
            return ()


def holds(shape: Shape, kind: type[Any]) -> bool:
    """Tell whether there is a shape of this kind in `shape`, or it is one."""
    found = False
    done: set[int] = set()

    def visit(shape: Shape) -> None:
        nonlocal found
        found = found or isinstance(shape, kind)
        if id(shape) not in done:
            done.add(id(shape))
            for child in children(shape):
                visit(child)

    visit(shape)
    return found


def traits(shape: Shape, is_rich: Callable[[Shape], bool]) -> Traits:
    """Walk all of `shape`, each struct once, and sum up its traits."""
    found = Traits()
    done: set[int] = set()
    above: set[int] = set()

    def visit(shape: Shape) -> None:
        found.rich = found.rich or is_rich(shape)
        found.deep = found.deep or isinstance(shape, AnyShape) or (isinstance(shape, UnionShape) and shape.open)
        found.null_hides_nan = found.null_hides_nan or isinstance(shape, AnyShape) or _is_optional_float(shape)
        if isinstance(shape, StructShape):
            if id(shape) in above:
                found.deep = True
            if id(shape) in done:
                return
            done.add(id(shape))
            above.add(id(shape))
        for child in children(shape):
            visit(child)
        above.discard(id(shape))

    visit(shape)
    return found


def _is_optional_float(shape: Shape) -> bool:
    return isinstance(shape, OptionalShape) and isinstance(shape.item, Scalar) and shape.item.kind is float
