"""Carries out the fixes of findings on text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from svcidl.diagnostics import Diagnostic, Edit, Fix
from svcidl.source import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What one round of fixes gave.

    Attributes:
        texts: the new text of every file that changed, by the path that spans name.
        count: fixes carried out; those that would overlap another one wait for the next round.
    """

    texts: Mapping[str, str]
    count: int


def safe_fix(diagnostic: Diagnostic) -> Fix | None:
    """Return the fix that may be carried out unasked, None if there is none."""
    return next((fix for fix in diagnostic.fixes if fix.is_safe), None)


def apply_fixes(diagnostics: Iterable[Diagnostic], sources: Mapping[str, SourceFile]) -> Fixed:
    """Carry out the first safe fix of every finding, each whole or not at all."""
    taken: dict[str, list[Edit]] = {}
    count = 0
    for diagnostic in diagnostics:
        fix = safe_fix(diagnostic)
        if fix is None or any(_meets(edit, other) for edit in fix.edits for other in taken.get(edit.span.file, ())):
            continue
        count += 1
        for edit in fix.edits:
            taken.setdefault(edit.span.file, []).append(edit)
    return Fixed(texts={path: apply_edits(sources[path].text, edits) for path, edits in taken.items()}, count=count)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with every edit, none overlapping, carried out."""
    parts, position = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        parts += [text[position : edit.span.start], edit.text]
        position = edit.span.end
    return "".join([*parts, text[position:]])


def _meets(a: Edit, b: Edit) -> bool:
    # Two that only touch would do, but what one leaves behind may be what the other was made for.
    return a.span.start <= b.span.end and b.span.start <= a.span.end
