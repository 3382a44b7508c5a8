"""The outline of a file, and names of the whole workspace."""

from collections.abc import Iterator

from lsprotocol import types

from svcgen.lsp.view import View
from svcidl import nodes
from svcidl.index import Definition
from svcidl.resolve.annotation_table import place_of

KINDS = {
    "alias": types.SymbolKind.TypeParameter,
    "enum": types.SymbolKind.Enum,
    "struct": types.SymbolKind.Struct,
    "union": types.SymbolKind.Class,
    "error": types.SymbolKind.Object,
    "event": types.SymbolKind.Event,
    "service": types.SymbolKind.Interface,
    "value": types.SymbolKind.EnumMember,
    "field": types.SymbolKind.Field,
    "rpc": types.SymbolKind.Method,
    "oneway": types.SymbolKind.Method,
    "route": types.SymbolKind.Method,
    "socket": types.SymbolKind.Method,
    "timer": types.SymbolKind.Method,
    "subscribes": types.SymbolKind.Method,
    "uses": types.SymbolKind.Property,
}
_MOST = 1_000


def outline(view: View) -> list[types.DocumentSymbol]:
    """Return the declarations of a file with their fields, values and members."""
    tree = view.unit.tree if view.unit is not None else None
    return [_symbol(view, each) for each in tree.declarations] if tree is not None else []


def _symbol(view: View, node: nodes.Declared) -> types.DocumentSymbol:
    place = place_of(node)
    return types.DocumentSymbol(
        name=node.name.text,
        detail=place if place in ("alias", "union", "error", "rpc", "oneway", "timer", "subscribes") else None,
        kind=KINDS[place],
        range=view.range(node.span),
        selection_range=view.range(node.name.span),
        children=[_symbol(view, each) for each in _inside(node)],
        tags=[types.SymbolTag.Deprecated] if is_deprecated(node) else None,
    )


def is_deprecated(node: nodes.Documented) -> bool:
    """Tell whether a thing says of itself that it is deprecated."""
    return any(each.name.text == "deprecated" for each in node.annotations)


def _inside(node: nodes.Declared) -> Iterator[nodes.Declared]:
    if isinstance(node, nodes.Enum):
        yield from node.values
    elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
        yield from node.fields
    elif isinstance(node, nodes.Service):
        for member in node.members:
            # `uses X` without `as` gives no name of its own: its name stands inside the reference.
            if isinstance(member, nodes.Declared) and not (isinstance(member, nodes.Use) and not member.renamed):
                yield member


def workspace_symbols(view: View, query: str) -> list[types.WorkspaceSymbol]:
    """Return what the files of one group declare whose name has the letters of `query` in their order."""
    found = (each for each in view.analysis.index.definitions if each.kind in KINDS and each.kind != "field")
    return [_entry(view, each) for each in found if is_like(query, each.name)][:_MOST]


def _entry(view: View, definition: Definition) -> types.WorkspaceSymbol:
    owner = definition.owner.name if definition.owner is not None else definition.unit.package
    return types.WorkspaceSymbol(
        name=definition.name,
        kind=KINDS[definition.kind],
        location=view.location(definition.name_span),
        container_name=owner,
    )


def is_like(query: str, name: str) -> bool:
    """Tell whether the letters of `query` stand in `name` in this order, upper or lower case."""
    letters = iter(name.lower())
    return all(letter in letters for letter in query.lower())
