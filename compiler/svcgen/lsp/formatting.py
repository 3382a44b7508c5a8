"""The formatter, as edits that leave unchanged lines alone, so that cursors and folds stay where they are."""

import difflib

from lsprotocol import types

from svcgen.lsp.view import View
from svcidl.fmt import Unformattable, format_text


def edits(view: View) -> list[types.TextEdit] | None:
    """Return what the formatter would change, None if the file has syntax errors, which are shown already."""
    before = view.source.text
    try:
        after = format_text(before, view.path)
    except Unformattable:
        return None
    # Not splitlines, to which U+2028 and others end a line.
    old, new = before.split("\n"), after.split("\n")
    # Lines that stand everywhere, as `}`, are no anchors: with them 1,600 lines take a second.
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=True)
    starts = _starts(old)
    edits = (
        _edit(starts, old, first, last, new[low:high])
        for tag, first, last, low, high in matcher.get_opcodes()
        if tag != "equal"
    )
    return [types.TextEdit(range=view.range(view.source.span(start, end)), new_text=text) for start, end, text in edits]


def _starts(lines: list[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _edit(starts: list[int], old: list[str], first: int, last: int, new: list[str]) -> tuple[int, int, str]:
    """Return what to replace and by what: lines with the ends behind them, or for the last one the end before it."""
    text = "\n".join(new)
    if last < len(old):
        return starts[first], starts[last], text + "\n" if new else ""
    if first == 0:
        return 0, starts[last] - 1, text
    return starts[first] - 1, starts[last] - 1, "\n" + text if new else ""
