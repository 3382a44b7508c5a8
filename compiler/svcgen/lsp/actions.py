"""Code actions: the remedies of findings, one by one, and all that are safe at once."""

from collections.abc import Iterable, Sequence

from lsprotocol import types

from svcgen.lsp.diagnostics import converted
from svcgen.lsp.view import View
from svcidl.diagnostics import Diagnostic, Edit, Fix

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.svcgen"


def actions(view: View, range: types.Range, only: Sequence[str] | None) -> list[types.CodeAction]:
    """Return what can be done in a range, of the kinds asked for."""
    start, end = view.offset(range.start), view.offset(range.end)
    here = [each for each in view.analysis.diagnostics if each.span.file == view.source.path]
    found: list[types.CodeAction] = []
    if _is_wanted(types.CodeActionKind.QuickFix.value, only):
        touched = [each for each in here if each.span.start <= end and each.span.end >= start]
        found += [_quick_fix(view, each, fix, number) for each in touched for number, fix in enumerate(each.fixes)]
    if only and _is_wanted(FIX_ALL, only) and (edits := _safe_edits(view.source.path, here)):
        edit = types.WorkspaceEdit(changes=_changes(view, edits))
        found.append(types.CodeAction(title="Put right all that is safe", kind=FIX_ALL, edit=edit))
    return found


def _is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    return not only or any(kind == each or kind.startswith(f"{each}.") for each in only)


def _quick_fix(view: View, found: Diagnostic, fix: Fix, number: int) -> types.CodeAction:
    return types.CodeAction(
        title=fix.message[:1].upper() + fix.message[1:],
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[converted(view, found)],
        edit=types.WorkspaceEdit(changes=_changes(view, fix.edits)),
        is_preferred=number == 0,
    )


def _changes(view: View, edits: Iterable[Edit]) -> dict[str, list[types.TextEdit]]:
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        made = types.TextEdit(range=view.range(edit.span), new_text=edit.text)
        changes.setdefault(view.uri(edit.span.file), []).append(made)
    return changes


def _safe_edits(path: str, findings: Iterable[Diagnostic]) -> list[Edit]:
    """Return the edits of the first safe remedy of each finding that only touch this file and do not overlap."""
    chosen: list[Edit] = []
    for found in findings:
        fix = next((each for each in found.fixes if each.is_safe), None)
        if fix is None or any(each.span.file != path for each in fix.edits):
            continue
        if not any(_overlap(one, other) for one in fix.edits for other in chosen):
            chosen += fix.edits
    return chosen


def _overlap(one: Edit, other: Edit) -> bool:
    return one.span.start <= other.span.end and other.span.start <= one.span.end
