"""The syntax tree: a file as it was written, names as names. Every node is frozen and knows its span."""

from dataclasses import dataclass
from typing import TypeAlias

from svcidl.source import Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """What every node has; nodes compare and hash by identity, so they can be keys."""

    span: Span


# --- names and literals -------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Name(Node):
    """One name."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ref(Node):
    """A use of a name, `Order` or `billing.Payment`; also the dotted path after `package`."""

    parts: tuple[Name, ...]

    @property
    def text(self) -> str:
        """The name as written, with its dots."""
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Integer(Node):
    """`42`, `-1`: the text as written, of any length."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Float(Node):
    """`0.5`: the text as written."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Duration(Node):
    """`30s`: the text as written; its unit and sign are checked by a rule."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class String(Node):
    """A string with its escapes decoded; `span` includes the quotes."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Word(Node):
    """A name where a literal stands: `true`, `placed`, `broadcast`."""

    text: str


Scalar: TypeAlias = Integer | Float | Duration | String


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListLiteral(Node):
    """`[1, 2]`."""

    items: tuple[Scalar | Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapLiteral(Node):
    """`{}`, the empty map."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Range(Node):
    """`1..40`, `..500`, `1s..5m`."""

    low: Scalar | None
    high: Scalar | None


Literal: TypeAlias = Scalar | Word | ListLiteral | MapLiteral


# --- types, arguments, annotations ----------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Argument(Node):
    """An argument of a constraint or an annotation; `keyword` is None for a positional one."""

    keyword: Name | None = None
    value: Literal | Range


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TypeUse(Node):
    """A type as written.

    Attributes:
        ref: its name.
        arguments: the types in `<…>`, None without angle brackets.
        constraints: what stands in `(…)`, None without parentheses.
        optional: the spans of its `?` marks; one is right, more are reported by a rule.
        depth: how deep `<…>` nest below it, 1 for a type without arguments.
    """

    ref: Ref
    arguments: tuple["TypeUse", ...] | None = None
    constraints: tuple[Argument, ...] | None = None
    optional: tuple[Span, ...] = ()
    depth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Annotation(Node):
    """`@name(…)`; `arguments` is None without parentheses."""

    name: Name
    arguments: tuple[Argument, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Documented(Node):
    """What documentation and annotations can stand before; `span` includes them."""

    doc: str = ""
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Declared(Documented):
    """A documented thing with a name."""

    name: Name


# --- bodies ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reserved(Node):
    """`reserved(a, b)`."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field(Declared):
    """A field of a body or a parameter of a member."""

    type: TypeUse
    default: Literal | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnumValue(Declared):
    """A value of an enum; `wire` is the string after `=`."""

    wire: String | None = None


# --- top level --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportAs(Node):
    """`import "path" as name`."""

    path: String
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pick(Node):
    """`Money` or `Money as Cash` in the braces of an import; `name` is the local name's node."""

    imported: Name
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportNames(Node):
    """`import "path" { A, B as C }`."""

    path: String
    picks: tuple[Pick, ...]


Import: TypeAlias = ImportAs | ImportNames


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alias(Declared):
    """`alias Sku = str(1..40)`."""

    type: TypeUse


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Enum(Declared):
    """`enum E { … }` or `closed enum E { … }`."""

    closed: bool
    values: tuple[EnumValue, ...]
    reserved: tuple[Reserved, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Struct(Declared):
    """`struct S { … }`."""

    fields: tuple[Field, ...]
    reserved: tuple[Reserved, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Union(Declared):
    """`union U = A | B`, also closed."""

    closed: bool
    variants: tuple[Ref, ...]
    reserved: tuple[Reserved, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Error(Declared):
    """`error E(404) "template" { … }`."""

    status: Integer
    template: String | None = None
    fields: tuple[Field, ...] = ()
    reserved: tuple[Reserved, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event(Declared):
    """`event E { … }`."""

    fields: tuple[Field, ...]
    reserved: tuple[Reserved, ...] = ()


# --- services ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Http(Node):
    """`http GET "/path" body p status 201`."""

    method: Name
    path: String
    body: Name | None = None
    status: Integer | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rpc(Declared):
    """`rpc m(…) -> T throws E http …`."""

    parameters: tuple[Field, ...]
    result: TypeUse | None = None
    stream: bool = False
    throws: tuple[Ref, ...] = ()
    http: Http | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Oneway(Declared):
    """`oneway m(…) http …`."""

    parameters: tuple[Field, ...]
    http: Http | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Publishes(Documented):
    """`publishes E, F`."""

    events: tuple[Ref, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subscription(Declared):
    """`subscribes E as name`."""

    event: Ref


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Use(Declared):
    """`uses S as name`; without `as`, `name` is the service's own name where it stands in the reference."""

    service: Ref
    renamed: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route(Declared):
    """`route name METHOD "path" (…)`."""

    method: Name
    path: String
    parameters: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Socket(Declared):
    """`socket name "path" (…) receives A sends B`."""

    path: String
    receives: TypeUse
    sends: TypeUse
    parameters: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timer(Declared):
    """`timer name every 30s` (`every`) or `timer name cron "…" tz "…"` (`cron`, `tz`)."""

    every: Duration | Integer | None = None
    cron: String | None = None
    tz: String | None = None


Member: TypeAlias = Rpc | Oneway | Publishes | Subscription | Use | Route | Socket | Timer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service(Declared):
    """`service S { … }`."""

    members: tuple[Member, ...]
    reserved: tuple[Reserved, ...] = ()


Declaration = Alias | Enum | Struct | Union | Error | Event | Service


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class File(Node):
    """A whole file."""

    doc: str
    package: Ref
    imports: tuple[Import, ...]
    declarations: tuple[Declaration, ...]
