"""The checked model: names as objects. What the resolver builds and every generator reads.

Everything here is frozen and complete: a model exists only for files without errors. Objects of other packages are
the same objects as in that package's `Package`, so identity (`is`) compares declarations. Cyclic types are tied
through `Named.target`, the one attribute that the resolver fills after construction.
"""

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


class ParameterSource(enum.StrEnum):
    """Where HTTP takes a parameter from."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"
    """The whole body is this parameter (`body p`)."""
    BODY_FIELD = "body_field"
    """A member of the JSON object that is the body."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter(Field):
    """A parameter of a member. `source` and `source_name` are set where HTTP reaches the member, else None.

    `source_name` is the name in the path template, the query key, the header name or the body member.
    """

    source: ParameterSource | None = None
    source_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPart:
    """One segment of a path template: literal text around at most one parameter: `{name}.csv`, `orders`."""

    prefix: str
    parameter: str | None = None
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpBinding:
    """How HTTP reaches a member. `status` is of success, written or inferred (204 without result).

    `path` is the template as written, `parts` its segments. `body` names the parameter that is the whole body.
    """

    method: str
    path: str
    parts: tuple[PathPart, ...]
    status: int
    body: str | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """`@retry(5, backoff: 1s..5m)`: `attempts` after the first try; back-off in milliseconds, None if not written."""

    attempts: int
    backoff_from_ms: int | None = None
    backoff_to_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member(Declared):
    """A member of a service that has a stub method. `name` is the method.

    Attributes:
        auth: scheme of `@auth` on the member or inherited from the service; "none" where opened; None if neither.
        concurrency: of `@concurrency`, per instance; None if not written.
    """

    auth: str | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rpc(Member):
    """`rpc m(…) -> T throws E`. `result` is None without one; `stream` tells `-> stream T`."""

    parameters: tuple[Parameter, ...] = ()
    result: Type | None = None
    stream: bool = False
    throws: tuple[Error, ...] = ()
    http: HttpBinding | None = None
    timeout_ms: int | None = None
    idempotent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Oneway(Member):
    """`oneway m(…)`: a durable background job."""

    parameters: tuple[Parameter, ...] = ()
    http: HttpBinding | None = None
    retry: Retry | None = None


class Delivery(enum.StrEnum):
    """Who handles an event: one instance of the service, every instance, one among all services."""

    POOL = "pool"
    BROADCAST = "broadcast"
    SINGLETON = "singleton"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subscription(Member):
    """`subscribes E as m`."""

    event: Event
    delivery: Delivery = Delivery.POOL
    retry: Retry | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route(Member):
    """`route m METHOD "path" (…)`: raw HTTP."""

    http: HttpBinding
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Socket(Member):
    """`socket m "path" receives A sends B`, from the service's side."""

    http: HttpBinding
    receives: Type
    sends: Type
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timer(Member):
    """`timer m every 30s` (`every_ms`) or `timer m cron "…" tz "…"` (`cron`, `tz`)."""

    every_ms: int | None = None
    cron: str | None = None
    tz: str = "UTC"
    per_instance: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class Use:
    """`uses S as name`. `service` is set exactly once, after all services exist (services may use each other)."""

    name: str
    service: "Service" = field(init=False)
    doc: str = ""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Publication:
    """`publishes E`."""

    event: Event
    doc: str = ""
    span: Span


AnyMember = Rpc | Oneway | Subscription | Route | Socket | Timer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service(TopLevel):
    """A service. `members` keeps the written order of everything that has a stub method."""

    members: tuple[AnyMember, ...]
    uses: tuple[Use, ...] = ()
    publishes: tuple[Publication, ...] = ()
    owner: str | None = None
    auth: str | None = None
    reserved: tuple[str, ...] = ()


DataType = Alias | Enum | Struct | Union
Declaration = Alias | Enum | Struct | Union | Error | Event | Service


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Package:
    """One file. `declarations` in written order; `imports` are the packages it imports, in written order, each once.

    `requested` tells a file given by the user from one that was only imported.
    """

    name: str
    path: str
    doc: str
    declarations: tuple[Declaration, ...]
    imports: tuple[str, ...]
    requested: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """All packages of a run, requested ones first in the order given, imported ones after."""

    packages: tuple[Package, ...]

    def package(self, name: str) -> Package:
        """Return the package called `name`; raises KeyError."""
        for package in self.packages:
            if package.name == name:
                return package
        raise KeyError(name)
