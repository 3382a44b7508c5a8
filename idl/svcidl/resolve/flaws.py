"""A mistake inside of a string: what is wrong, how to put it right, and where in the text."""

from dataclasses import dataclass, replace

from svcidl import nodes
from svcidl.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One mistake in a text.

    Attributes:
        help: what to write, most likely first.
        start: where the wrong piece begins, counted from 0.
        end: where it ends; as `start` where the whole text is meant.
    """

    message: str
    help: tuple[str, ...]
    start: int = 0
    end: int = 0


def place(node: nodes.String, start: int, end: int) -> Span:
    """Return the span of a piece of a string's text.

    The whole string where the piece is empty, or where escapes make what is written longer than the text.
    """
    span = node.span
    if start >= end or span.end - span.start - len('""') != len(node.value):
        return span
    shift = len('"') + start
    return replace(
        span,
        start=span.start + shift,
        end=span.start + len('"') + end,
        column=span.column + shift,
        end_column=span.column + len('"') + end,
    )
