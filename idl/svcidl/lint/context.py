"""What rules look at: the bound program, and walks over the requested files that many rules share."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from svcidl import nodes
from svcidl.lint.reach import Reached, reach
from svcidl.resolve import walk
from svcidl.resolve.annotations import Annotations, read_annotations
from svcidl.resolve.http import Binding, read_binding
from svcidl.resolve.program import Program, Symbol, Unit
from svcidl.source import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A field or parameter and what it belongs to; `member` is None for a field of a declaration."""

    unit: Unit
    declaration: nodes.Declaration
    member: nodes.Member | None
    field: nodes.Field

    @property
    def noun(self) -> str:
        """What messages call it."""
        return "field" if self.member is None else "parameter"

    @property
    def owner(self) -> str:
        """The name of the declaration or member that it stands in."""
        owner = self.declaration if self.member is None else self.member
        return owner.name.text if isinstance(owner, nodes.Declared) else self.declaration.name.text


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """A member of a service; `binding` tells how HTTP reaches it, None if it does not."""

    unit: Unit
    service: nodes.Service
    member: nodes.Member
    binding: Binding | None

    @property
    def path(self) -> str:
        """The service and the member, as messages call it."""
        name = f".{self.member.name.text}" if isinstance(self.member, nodes.Declared) else ""
        return f"{self.service.name.text}{name}"


class Context:
    """One run of the linter. Everything is read once, when the first rule asks for it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.units = tuple(unit for unit in program.units if unit.file.requested)
        """The requested files: imported ones are looked at, but never blamed."""
        self._said: dict[nodes.Documented, Annotations] = {}

    def said(self, node: nodes.Documented, *, parameter: bool = False) -> Annotations:
        """Return what the annotations of a node say."""
        if not node.annotations:
            return _NOTHING
        found = self._said.get(node)
        if found is None:
            found = self._said[node] = read_annotations(node, parameter=parameter)
        return found

    def source(self, unit: Unit) -> SourceFile:
        """Return the text of a file."""
        return unit.file.source

    def is_complete(self, unit: Unit) -> bool:
        """Tell whether the run seems to hold whoever uses a file: it serves something, or another file imports it.

        What is found by absence must not blame a shared file that was given alone.
        """
        return unit.file.source.key in self._imported or any(True for _ in walk.services(unit.tree))

    @cached_property
    def _imported(self) -> frozenset[str]:
        return frozenset(key for unit in self.units for key in unit.file.imports.values())

    @cached_property
    def declarations(self) -> tuple[tuple[Unit, nodes.Declaration], ...]:
        """Every declaration of the requested files."""
        return tuple((unit, node) for unit in self.units for node in unit.tree.declarations)

    @cached_property
    def fields(self) -> tuple[Place, ...]:
        """Every field and parameter of the requested files."""
        return tuple(_places(self.units))

    @cached_property
    def members(self) -> tuple[Served, ...]:
        """Every member of every service of the run; of imported files, too."""
        return tuple(
            Served(unit=unit, service=service, member=member, binding=read_binding(self.program, member))
            for unit in self.program.units
            for service in walk.services(unit.tree)
            for member in service.members
        )

    @cached_property
    def own_members(self) -> tuple[Served, ...]:
        """Every member of the services of the requested files."""
        return tuple(served for served in self.members if served.unit.file.requested)

    @cached_property
    def requests(self) -> Reached:
        """What a caller may send: parameters, and what sockets receive, with all types that they lead to."""
        return reach(self.program, ((use, served.path) for served in self.members for use in _received(served.member)))

    @cached_property
    def published(self) -> frozenset[Symbol]:
        """Every event that a service of the run publishes."""
        return frozenset(self._events(nodes.Publishes))

    @cached_property
    def heard(self) -> frozenset[Symbol]:
        """Every event that a service of the run subscribes."""
        return frozenset(self._events(nodes.Subscription))

    def _events(self, kind: type[nodes.Publishes] | type[nodes.Subscription]) -> Iterator[Symbol]:
        for served in self.members:
            for ref in walk.named(served.member) if isinstance(served.member, kind) else ():
                if (symbol := self.program.targets.get(ref)) is not None:
                    yield symbol


_NOTHING = Annotations()


def _received(member: nodes.Member) -> Iterator[nodes.TypeUse]:
    yield from (parameter.type for parameter in walk.parameters(member))
    if isinstance(member, nodes.Socket):
        yield member.receives


def _places(units: tuple[Unit, ...]) -> Iterator[Place]:
    for unit in units:
        for node in unit.tree.declarations:
            if isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
                for field in node.fields:
                    yield Place(unit=unit, declaration=node, member=None, field=field)
            elif isinstance(node, nodes.Service):
                for member in node.members:
                    for field in walk.parameters(member):
                        yield Place(unit=unit, declaration=node, member=member, field=field)
