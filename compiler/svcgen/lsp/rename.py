"""Renaming: every place in every file, or a reason why not."""

import re

from lsprotocol import types

from svcgen.lsp.view import View
from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Severity
from svcidl.index import Definition
from svcidl.pipeline import Checked

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEEP = "former-name"
"""The change that keeps messages of old programs readable; the user confirms it."""


class CannotRename(Exception):
    """The new name is refused, or there is nothing to rename; the text says why."""


def prepare(view: View, position: types.Position) -> types.Range | None:
    """Return the name that would be renamed, None where there is none."""
    found = view.occurrence(position)
    return None if found is None else view.range(found.span)


def rename(view: View, position: types.Position, new_name: str, *, can_confirm: bool) -> types.WorkspaceEdit:
    """Return the edits of all files.

    Where a name travels, in fields, parameters and enum values, `@renamed` is added, so that programs that were built
    before can still be read: an edit for the user to confirm, if the client can ask.

    Raises:
        CannotRename: no name here, no valid name given, or one that would be a mistake.
    """
    found = view.occurrence(position)
    if found is None:
        raise CannotRename("there is no name here that can be renamed")
    definition = found.definition
    if _NAME.fullmatch(new_name) is None:
        raise CannotRename(f"`{new_name}` is no name: letters, digits and `_`, no digit first")
    if new_name == definition.name:
        return types.WorkspaceEdit(changes={})
    changes = _replacements(view, definition, new_name)
    _refuse_mistakes(view, changes)
    keep = _former_name(view, definition, changes)
    return _workspace_edit(view, changes, keep, can_confirm=can_confirm)


Changes = dict[str, list[tuple[int, int, str]]]
"""By path: what to replace, from where to where (code points), in order."""


def _replacements(view: View, definition: Definition, new_name: str) -> Changes:
    changes: Changes = {}
    for each in view.analysis.index.occurrences(definition):
        changes.setdefault(each.span.file, []).append((each.span.start, each.span.end, new_name))
    return changes


def _former_name(view: View, definition: Definition, changes: Changes) -> tuple[str, int, str] | None:
    """Return where to write which `@renamed`, None where the name does not travel or the annotation may not stand."""
    node = definition.node
    if not isinstance(node, nodes.Field | nodes.EnumValue) or (isinstance(node, nodes.EnumValue) and node.wire):
        return None
    if any(each.name.text == "renamed" for each in node.annotations):
        return None
    start, path = definition.name_span.start, definition.name_span.file
    text = f'@renamed("{definition.name}") '
    tried = {**changes, path: [(start, start, text), *changes[path]]}
    try:
        _refuse_mistakes(view, tried)
    except CannotRename:
        return None
    return path, start, text


def _refuse_mistakes(view: View, changes: Changes) -> None:
    """Check the files as they would be; raises CannotRename for a mistake that was not there."""
    analysis = view.analysis
    texts = {
        source.key: changed(source.text, changes[path])
        for path in changes
        if (source := analysis.source(path)) is not None
    }
    before, after = _mistakes(analysis.checked), _mistakes(view.project.check(analysis.paths, texts))
    if len(after) > len(before):
        known = {(each.code, each.message) for each in before}
        new = next((each for each in after if (each.code, each.message) not in known), after[-1])
        raise CannotRename(f"{new.message} ({new.code}, {new.span.file}:{new.span.line})")


def _mistakes(checked: Checked) -> list[Diagnostic]:
    return [each for each in checked.diagnostics if each.severity is Severity.ERROR]


def changed(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Return a text with pieces replaced; none overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _workspace_edit(
    view: View, changes: Changes, keep: tuple[str, int, str] | None, *, can_confirm: bool
) -> types.WorkspaceEdit:
    edits: dict[str, list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]] = {}
    for path, replaced in changes.items():
        edits[path] = [_edit(view, path, *each) for each in replaced]
    if keep is not None and can_confirm:
        path, start, text = keep
        plain = _edit(view, path, start, start, text)
        edits[path].insert(0, types.AnnotatedTextEdit(annotation_id=KEEP, range=plain.range, new_text=text))
        note = types.ChangeAnnotation(
            label="Accept the former name, too",
            needs_confirmation=True,
            description="With @renamed, messages of programs that were built before can still be read.",
        )
        documents = [
            types.TextDocumentEdit(
                text_document=types.OptionalVersionedTextDocumentIdentifier(uri=view.uri(path)), edits=each
            )
            for path, each in edits.items()
        ]
        return types.WorkspaceEdit(document_changes=documents, change_annotations={KEEP: note})
    return types.WorkspaceEdit(
        changes={view.uri(path): [_edit(view, path, *each) for each in replaced] for path, replaced in changes.items()}
    )


def _edit(view: View, path: str, start: int, end: int, text: str) -> types.TextEdit:
    source = view.analysis.source(path)
    if source is None:
        raise CannotRename(f"{path} cannot be read any more")
    return types.TextEdit(range=view.range(source.span(start, end)), new_text=text)
