"""What travels is told apart by its wire name: names, `= "…"` of enum values, and the old names of `@renamed`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.resolve import walk
from svcidl.resolve.annotations import read_annotations
from svcidl.resolve.program import Program
from svcidl.source import Span


@dataclass(frozen=True, slots=True)
class _Wire:
    """One wire name of one thing, and the place that gives it."""

    node: nodes.Field | nodes.EnumValue
    text: str
    span: Span

    @property
    def name(self) -> str:
        return self.node.name.text


def wire_names(program: Program) -> Iterator[Diagnostic]:
    """Report two fields, values or parameters that meet in one wire name."""
    for unit in program.units:
        for declaration in unit.tree.declarations:
            if isinstance(declaration, nodes.Enum):
                yield from _clashes(_wires(declaration.values, parameter=False))
            elif isinstance(declaration, nodes.Struct | nodes.Error | nodes.Event):
                yield from _clashes(_wires(declaration.fields, parameter=False))
            elif isinstance(declaration, nodes.Service):
                for member in declaration.members:
                    yield from _clashes(_wires(walk.parameters(member), parameter=True))


def _wires(entries: Iterable[nodes.Field | nodes.EnumValue], *, parameter: bool) -> Iterator[_Wire]:
    for entry in entries:
        wire = entry.wire if isinstance(entry, nodes.EnumValue) else None
        yield _Wire(entry, wire.value if wire else entry.name.text, wire.span if wire else entry.name.span)
        old = read_annotations(entry, parameter=parameter).renamed
        if old is not None:
            place = next(annotation.span for annotation in entry.annotations if annotation.name.text == "renamed")
            yield _Wire(entry, old, place)


def _clashes(wires: Iterable[_Wire]) -> Iterator[Diagnostic]:
    first: dict[str, _Wire] = {}
    for wire in wires:
        other = first.setdefault(wire.text, wire)
        if other is wire:
            continue
        if other.node is wire.node:
            message = f"`{wire.name}` is renamed from the wire name that it has"
            yield Diagnostic(code="E0212", message=message, span=wire.span, help=("remove `@renamed`",))
        elif other.name != wire.name:  # two of one name are reported as such
            note = Note(message="the other one", span=other.span)
            message = f"`{other.name}` and `{wire.name}` are both `{wire.text}` on the wire"
            remedy = "give one of the two another name on the wire: no reader could tell them apart"
            yield Diagnostic(code="E0212", message=message, span=wire.span, help=(remedy,), notes=(note,))
