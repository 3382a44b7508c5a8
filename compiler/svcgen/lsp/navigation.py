"""Definitions, references and highlights of the name under the cursor."""

from lsprotocol import types

from svcgen.lsp.view import View
from svcidl.index import Definition


def definition(view: View, position: types.Position) -> types.Location | None:
    """Return where the thing is declared; of a path or a name of an import, the imported file."""
    offset = view.offset(position)
    if view.unit is not None:
        for statement, key in view.unit.file.imports.items():
            span = statement.path.span
            target = view.analysis.units.get(key)
            if span.start <= offset <= span.end and target is not None:
                return view.location(target.tree.package.span)
    found = view.occurrence(position)
    if found is None:
        return None
    meant = found.definition.target or found.definition
    if found.is_definition and meant.imported is not None:
        return view.location(meant.imported.tree.package.span)
    return view.location(meant.name_span)


def references(view: View, position: types.Position, *, with_declaration: bool) -> list[types.Location]:
    """Return every use in every file; what another file imports under another name counts as well."""
    found = view.occurrence(position)
    if found is None:
        return []
    meant = found.definition.target or found.definition
    return [
        view.location(each.span)
        for definition in (meant, *aliases(view, meant))
        for each in view.analysis.index.occurrences(definition)
        if with_declaration or not (each.is_definition and each.definition is meant)
    ]


def aliases(view: View, meant: Definition) -> list[Definition]:
    """Return the other names under which files import a thing."""
    return [each for each in view.analysis.index.definitions if each.target is meant]


def highlights(view: View, position: types.Position) -> list[types.DocumentHighlight]:
    """Return the places of the name in this file."""
    found = view.occurrence(position)
    uses = [] if found is None else view.analysis.index.occurrences(found.definition)
    return [
        types.DocumentHighlight(
            range=view.range(each.span),
            kind=types.DocumentHighlightKind.Write if each.is_definition else types.DocumentHighlightKind.Read,
        )
        for each in uses
        if each.span.file == view.source.path
    ]
