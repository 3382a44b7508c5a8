"""What the rules and the model builder look at: all files of a run with every name bound to what it means."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from svcidl import nodes
from svcidl.loader import LoadedFile

BUILTIN_SCALARS = frozenset(
    ("bool", "int", "float", "decimal", "str", "bytes", "uuid", "timestamp", "date", "time", "duration")
)
BUILTIN_CONTAINERS = frozenset(("list", "set", "map"))
BUILTIN_TYPES = BUILTIN_SCALARS | BUILTIN_CONTAINERS | {"any"}


class Kind(enum.StrEnum):
    """What a name can stand for, in the words of the messages."""

    ALIAS = "alias"
    ENUM = "enum"
    STRUCT = "struct"
    UNION = "union"
    ERROR = "error"
    EVENT = "event"
    SERVICE = "service"


KINDS: Mapping[type[nodes.Declaration], Kind] = {
    nodes.Alias: Kind.ALIAS,
    nodes.Enum: Kind.ENUM,
    nodes.Struct: Kind.STRUCT,
    nodes.Union: Kind.UNION,
    nodes.Error: Kind.ERROR,
    nodes.Event: Kind.EVENT,
    nodes.Service: Kind.SERVICE,
}
TYPE_KINDS = frozenset((Kind.ALIAS, Kind.ENUM, Kind.STRUCT, Kind.UNION))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Symbol:
    """One declaration of one file."""

    name: str
    kind: Kind
    node: nodes.Declaration
    unit: "Unit"

    @property
    def full_name(self) -> str:
        """The package and the name."""
        return f"{self.unit.package}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """One parsed file.

    Attributes:
        package: its package name.
        symbols: what it declares; of two declarations with one name, the first.
        modules: local names of `import … as name`; None where that file could not be read or parsed.
        picked: local names of `import … { … }`; None where the name is unknown and was reported.
    """

    file: LoadedFile
    tree: nodes.File
    package: str
    symbols: dict[str, Symbol]
    modules: "dict[str, Unit | None]"
    picked: dict[str, Symbol | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All files of a run that could be parsed.

    Attributes:
        units: requested ones first.
        targets: what every reference means; unknown ones (reported) and built-in types are absent.
    """

    units: tuple[Unit, ...]
    targets: Mapping[nodes.Ref, Symbol]

    def symbols(self) -> Iterator[Symbol]:
        """Yield every declaration, in written order."""
        for unit in self.units:
            yield from unit.symbols.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a type is once aliases are followed.

    Attributes:
        kind: the name of a built-in type, "enum", "struct", "union", or "unknown" (reported elsewhere).
        use: the type as written where the aliases end: there the constraints stand.
        symbol: of an enum, struct or union.
    """

    kind: str
    use: nodes.TypeUse
    symbol: Symbol | None = None


def builtin(use: nodes.TypeUse) -> str | None:
    """Return the name of the built-in type that `use` names, None for a declared one."""
    parts = use.ref.parts
    return parts[0].text if len(parts) == 1 and parts[0].text in BUILTIN_TYPES else None


def shape(program: Program, use: nodes.TypeUse) -> Shape:
    """Follow aliases from `use` to what it is; a circle of aliases is "unknown"."""
    seen: set[nodes.TypeUse] = set()
    while use not in seen:
        seen.add(use)
        name = builtin(use)
        if name is not None:
            return Shape(kind=name, use=use)
        symbol = program.targets.get(use.ref)
        if symbol is None or symbol.kind not in TYPE_KINDS:
            break
        if not isinstance(symbol.node, nodes.Alias):
            return Shape(kind=symbol.kind.value, use=use, symbol=symbol)
        use = symbol.node.type
    return Shape(kind="unknown", use=use)


def variants(program: Program) -> frozenset[Symbol]:
    """Return every declaration that a union names as its variant."""
    unions = (symbol.node for symbol in program.symbols() if isinstance(symbol.node, nodes.Union))
    targets = (program.targets.get(variant) for union in unions for variant in union.variants)
    return frozenset(target for target in targets if target is not None)
