"""The lines of a file that a finding is about, with marks under what is meant."""

from dataclasses import dataclass

from svcidl.report.display import visible, width
from svcidl.source import SourceFile, Span

_HEAD = 3
"""Lines of a long piece that are shown at its beginning; of the rest only the last one."""
_LEAST = 20
"""Cells that a line keeps however narrow the terminal is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of an excerpt, still without its gutter.

    Attributes:
        number: of the line; None for a row of marks.
        text: what is shown.
        mark: where in `text` marks and their label begin; None where there are none.
    """

    number: int | None
    text: str
    mark: int | None = None


def excerpt(source: SourceFile, span: Span, *, label: str, mark: str, limit: int) -> list[Row]:
    """Return the rows that show `span`.

    Args:
        label: what stands behind the marks, may be empty.
        mark: the character that underlines.
        limit: cells that a row may take; longer lines are cut at both sides of what is meant.
    """
    if span.end_line == span.line:
        return _one_line(source.line(span.line), span, label, mark, limit)
    return _several_lines(source, span, label, mark, limit)


def _one_line(text: str, span: Span, label: str, mark: str, limit: int) -> list[Row]:
    before, inside = text[: span.column - 1], text[span.column - 1 : span.end_column - 1]
    after = visible(text[span.end_column - 1 :]).rstrip()
    shown, meant = visible(before), visible(inside)
    shown, after = _clip(shown, meant, after, max(limit, _LEAST))
    indent = width(shown)
    marks = mark * max(1, min(width(meant), max(limit, _LEAST)))
    return [
        Row(number=span.line, text=_cut(f"{shown}{meant}{after}", max(limit, _LEAST)).rstrip()),
        Row(number=None, text=f"{' ' * indent}{marks} {label}".rstrip(), mark=indent),
    ]


def _clip(before: str, meant: str, after: str, limit: int) -> tuple[str, str]:
    """Shorten what stands around `meant` until all fits: first behind it, then before it."""
    if width(before) + width(meant) + width(after) <= limit:
        return before, after
    room = limit - width(meant)
    ahead = max(_LEAST // 2, room - min(width(after), room // 3))
    if width(before) > ahead:
        # Whole words of the line's beginning help little; what stands next to the place does.
        kept = before
        while width(kept) > ahead - 1:
            kept = kept[max(1, (width(kept) - ahead) // 2) :]
        before = "…" + kept
    return before, _cut(after, max(1, limit - width(before) - width(meant)))


def _cut(text: str, limit: int) -> str:
    if width(text) <= limit:
        return text
    text = text[:limit]
    while width(text) > limit - 1:
        text = text[:-1]
    return text + "…"


def _several_lines(source: SourceFile, span: Span, label: str, mark: str, limit: int) -> list[Row]:
    """Draw a bar along the lines, from the place where the piece begins to the one where it ends."""
    first, last, end_column = source.line(span.line), span.end_line, span.end_column
    if end_column == 1 and last > span.line:
        # The piece ends with the end of the line above.
        last, end_column = last - 1, len(source.line(last - 1)) + 1
    if last == span.line:
        return _one_line(first, _to_end(span, first), label, mark, limit)
    numbers = list(range(span.line + 1, last + 1))
    skipped = len(numbers) > _HEAD + 1
    shown = numbers[: _HEAD - 1] if skipped else numbers[:-1]
    rows = _opening(first, span, mark, limit)
    rows += [Row(number=number, text=f"| {_whole(source, number, limit)}".rstrip()) for number in shown]
    if skipped:
        rows.append(Row(number=None, text="| …"))
    rows.append(Row(number=last, text=f"| {_whole(source, last, limit)}".rstrip()))
    reach = min(width(visible(source.line(last)[: end_column - 1])), max(limit, _LEAST))
    rows.append(Row(number=None, text=f"|{'_' * max(1, reach)}{mark} {label}".rstrip(), mark=0))
    return rows


def _opening(first: str, span: Span, mark: str, limit: int) -> list[Row]:
    text = _cut(visible(first), max(limit, _LEAST))
    before = first[: span.column - 1]
    if not before.strip():
        return [Row(number=span.line, text=f"/ {text}".rstrip())]
    reach = min(width(visible(before)), max(limit, _LEAST)) + 1
    return [
        Row(number=span.line, text=f"  {text}".rstrip()),
        Row(number=None, text=f" {'_' * reach}{mark}", mark=0),
    ]


def _whole(source: SourceFile, number: int, limit: int) -> str:
    return _cut(visible(source.line(number)), max(limit, _LEAST))


def _to_end(span: Span, line: str) -> Span:
    end = span.start + len(line) + 1 - span.column
    return Span(
        file=span.file,
        start=span.start,
        end=end,
        line=span.line,
        column=span.column,
        end_line=span.line,
        end_column=len(line) + 1,
    )
