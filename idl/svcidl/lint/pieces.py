"""Fixes that take a piece of text away without leaving an empty line, a stray comma or two blanks behind."""

from collections.abc import Sequence

from svcidl.diagnostics import Edit, Fix
from svcidl.source import SourceFile, Span


def without(source: SourceFile, span: Span, message: str) -> tuple[Fix, ...]:
    """Return the safe fix that removes `span`, with its lines if it has them to itself, else with the blanks behind."""
    whole, text = _with_line(source, span), source.text
    if (whole.start, whole.end) == (span.start, span.end):
        end = span.end
        while end < len(text) and text[end] in " \t":
            end += 1
        whole = source.span(span.start, end)
    return (Fix(message=message, edits=(Edit(span=whole, text=""),), is_safe=True),)


def without_comment(source: SourceFile, span: Span, message: str) -> tuple[Fix, ...]:
    """Return the safe fix that removes a comment: its line, or with the blanks before it what stands behind code."""
    start, text = span.start, source.text
    whole = _with_line(source, span)
    if (whole.start, whole.end) == (span.start, span.end):
        while start > 0 and text[start - 1] in " \t":
            start -= 1
        whole = source.span(start, span.end)
    return (Fix(message=message, edits=(Edit(span=whole, text=""),), is_safe=True),)


def without_item(source: SourceFile, items: Sequence[Span], number: int) -> Span:
    """Return what to remove of a list, so that the comma before or behind the item goes with it."""
    if number + 1 < len(items):
        return source.span(items[number].start, items[number + 1].start)
    if number > 0:
        return source.span(items[number - 1].end, items[number].end)
    return items[number]


def _with_line(source: SourceFile, span: Span) -> Span:
    text = source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    is_alone = not text[start : span.start].strip() and not text[span.end : end].strip()
    return source.span(start, end) if is_alone else span
