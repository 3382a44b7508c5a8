"""Types and the data declarations made of them."""

import enum
from dataclasses import dataclass, field
from typing import TypeAlias

from svcidl.source import Span


class Primitive(enum.StrEnum):
    """The built-in scalar types, by their IDL names."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    DECIMAL = "decimal"
    STR = "str"
    BYTES = "bytes"
    UUID = "uuid"
    TIMESTAMP = "timestamp"
    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Inclusive limits of a value or of a length; None is open. `decimal` bounds are decimal text, exact."""

    low: int | float | str | None = None
    high: int | float | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A built-in type with its constraints.

    Attributes:
        bounds: the value's range (int, float, decimal).
        length: the length's range (str in code points, bytes in bytes).
        precision, scale: of a decimal, both always present there.
        pattern: regular expression, searched unless anchored.
        format: "email", "uri" or "hostname".
    """

    primitive: Primitive
    bounds: Bounds | None = None
    length: Bounds | None = None
    precision: int | None = None
    scale: int | None = None
    pattern: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """`list<T>` with an optional range of its length."""

    item: "Type"
    length: Bounds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOf:
    """`set<T>` of scalars or enums with an optional range of its size."""

    item: "Type"
    length: Bounds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOf:
    """`map<K, V>`: K is str, int, uuid, an enum or an alias of those."""

    key: "Type"
    value: "Type"
    length: Bounds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalOf:
    """`T?`: never nested, never around an alias of an optional (aliases cannot be optional)."""

    item: "Type"


@dataclass(slots=True, eq=False)
class Named:
    """A use of a declared type. `target` is set exactly once, when all declarations exist."""

    target: "Alias | Enum | Struct | Union" = field(init=False)
    span: Span


Type: TypeAlias = Scalar | ListOf | SetOf | MapOf | OptionalOf | Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What every declared thing has.

    Attributes:
        name: the IDL name, which is its wire name unless the thing says otherwise.
        doc: the text of its `///` lines, without the slashes, "" if none.
        deprecated: the text of `@deprecated`, None if not deprecated.
        span: of the name in its declaration.
    """

    name: str
    doc: str = ""
    deprecated: str | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopLevel(Declared):
    """A declaration of a package; `package` is its package name, `full_name` what goes on the wire."""

    package: str

    @property
    def full_name(self) -> str:
        """The package and the name: `acme.orders.v1.Order`."""
        return f"{self.package}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alias(TopLevel):
    """`alias Sku = str(1..40)`. Never optional."""

    type: Type


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnumValue(Declared):
    """One value; `wire` is what travels; `renamed` the former wire name that readers accept too."""

    wire: str
    renamed: str | None = None


ScalarLiteral: TypeAlias = bool | int | float | str | bytes | EnumValue
Literal: TypeAlias = ScalarLiteral | tuple[ScalarLiteral, ...] | dict[str, ScalarLiteral]
"""A default, already checked and normalised to the field's type.

bool, int, float as themselves; decimal, date, time, timestamp, uuid, duration (ISO 8601) and str as canonical text;
bytes as bytes; list and set as a tuple; map only as an empty dict; an enum's default as its `EnumValue`.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Enum(TopLevel):
    """Open unless `closed`: readers of an open enum keep values they do not know."""

    values: tuple[EnumValue, ...]
    closed: bool
    reserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field(Declared):
    """A field of a struct, error or event, or a parameter of a member (see `Parameter`).

    Attributes:
        type: `OptionalOf` where `T?` was written.
        default: the literal after `=`; `has_default` tells an absent one apart. An optional field without a default
            defaults to null when missing. A field with neither default nor `?` is required.
        renamed: the former wire name that readers accept too.
    """

    type: Type
    default: Literal | None = None
    has_default: bool = False
    sensitive: bool = False
    renamed: str | None = None

    @property
    def required(self) -> bool:
        """Whether a message without this field is refused."""
        return not self.has_default and not isinstance(self.type, OptionalOf)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Struct(TopLevel):
    """A struct; `tag` is its wire tag where it is a variant of one or more unions, else None."""

    fields: tuple[Field, ...]
    tag: str | None = None
    reserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Union(TopLevel):
    """Open unless `closed`: readers of an open union keep variants they do not know. Wire tag field: `type`."""

    variants: tuple[Struct, ...]
    closed: bool
    reserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Error(TopLevel):
    """A declared error.

    Attributes:
        status: HTTP status, 400 to 599.
        template: the message in pieces: literal text as str, a field as the `Field` object. Empty without a template.
    """

    status: int
    template: tuple["str | Field", ...] = ()
    fields: tuple[Field, ...] = ()
    retryable: bool = False
    reserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event(TopLevel):
    """An event; its payload is its fields."""

    fields: tuple[Field, ...]
    reserved: tuple[str, ...] = ()


DataType = Alias | Enum | Struct | Union
