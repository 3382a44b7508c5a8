"""Fields, values, parameters and members have names of their own, and never one that is reserved."""

from collections.abc import Iterable, Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.resolve import walk
from svcidl.resolve.program import Program


def distinct_names(program: Program) -> Iterator[Diagnostic]:
    """Report two names that are one in a body or a parameter list, and reserved names that came back."""
    for unit in program.units:
        for declaration in unit.tree.declarations:
            if isinstance(declaration, nodes.Alias):
                continue
            names = list(_names(declaration))
            yield from _distinct(names, _NOUN[type(declaration)])
            yield from _reserved(names, declaration.reserved)
            if isinstance(declaration, nodes.Service):
                for member in declaration.members:
                    yield from _distinct((parameter.name for parameter in walk.parameters(member)), "parameters")


_NOUN: dict[type[nodes.Declaration], str] = {
    nodes.Enum: "values",
    nodes.Struct: "fields",
    nodes.Error: "fields",
    nodes.Event: "fields",
    nodes.Union: "variants",
    nodes.Service: "members",
}


def _names(node: nodes.Declaration) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Enum):
        yield from (value.name for value in node.values)
    elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
        yield from (field.name for field in node.fields)
    elif isinstance(node, nodes.Union):
        # A variant named twice is the union rule's; here its name only meets the reserved ones.
        first: dict[str, nodes.Name] = {}
        for variant in node.variants:
            first.setdefault(variant.parts[-1].text, variant.parts[-1])
        yield from first.values()
    elif isinstance(node, nodes.Service):
        yield from (member.name for member in node.members if isinstance(member, nodes.Declared))


def _distinct(names: Iterable[nodes.Name], noun: str) -> Iterator[Diagnostic]:
    seen: dict[str, nodes.Name] = {}
    for name in names:
        other = seen.setdefault(name.text, name)
        if other is not name:
            note = Note(message="first here", span=other.span)
            message = f"two {noun} are called `{name.text}`"
            remedy = "rename or remove one of the two"
            yield Diagnostic(code="E0210", message=message, span=name.span, help=(remedy,), notes=(note,))


def _reserved(names: Iterable[nodes.Name], reserved: Iterable[nodes.Reserved]) -> Iterator[Diagnostic]:
    kept: dict[str, nodes.Name] = {}
    for name in (name for entry in reserved for name in entry.names):
        other = kept.setdefault(name.text, name)
        if other is not name:
            note = Note(message="first here", span=other.span)
            message = f"`{name.text}` is reserved twice"
            remedy = "remove one of the two"
            yield Diagnostic(code="E0211", message=message, span=name.span, help=(remedy,), notes=(note,))
    for name in names:
        if name.text in kept:
            note = Note(message="reserved here", span=kept[name.text].span)
            message = f"`{name.text}` is reserved: a removed name must not come back with another meaning"
            yield Diagnostic(
                code="E0211", message=message, span=name.span, help=("choose another name",), notes=(note,)
            )
