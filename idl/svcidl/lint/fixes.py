"""Carries out the fixes of findings on text."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
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
    done: set[Fix] = set()
    count = 0
    for diagnostic in diagnostics:
        fix = safe_fix(diagnostic)
        if fix in done:
            # One fix may put several findings right.
            count += 1
            continue
        if fix is None or any(_meets(edit, taken.get(edit.span.file, [])) for edit in fix.edits):
            continue
        count += 1
        done.add(fix)
        for edit in fix.edits:
            insort(taken.setdefault(edit.span.file, []), edit, key=_start)
    return Fixed(texts={path: apply_edits(sources[path].text, edits) for path, edits in taken.items()}, count=count)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with every edit, none overlapping, carried out."""
    parts, position = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        parts += [text[position : edit.span.start], edit.text]
        position = edit.span.end
    return "".join([*parts, text[position:]])


def _meets(edit: Edit, others: Sequence[Edit]) -> bool:
    """Tell whether an edit overlaps or touches one of `others`, which are in order and apart."""
    # Two that only touch would do, but what one leaves behind may be what the other was made for.
    after = bisect_left(others, edit.span.start, key=_start)
    near = others[max(after - 1, 0) : after + 1]
    return any(edit.span.start <= other.span.end and other.span.start <= edit.span.end for other in near)


def _start(edit: Edit) -> int:
    return edit.span.start
