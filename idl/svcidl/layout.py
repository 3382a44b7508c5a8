"""Separators by line: new lines are white space to the grammar, so what they separate is checked here."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.source import SourceFile, Span


def check_layout(tree: nodes.File, source: SourceFile) -> list[Diagnostic]:
    """Check that things on one line are separated: by a comma in a body, by a new line elsewhere."""
    top = [tree.package, *tree.imports, *tree.declarations]
    found = [*_lines(top, source), *_misplaced(top, source)]
    for node in tree.declarations:
        if isinstance(node, nodes.Service):
            entries = _in_order(node.members, node.reserved)
            found += _lines(entries, source)
        elif isinstance(node, nodes.Enum):
            entries = _in_order(node.values, node.reserved)
            found += _commas(entries, source)
        elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
            entries = _in_order(node.fields, node.reserved)
            found += _commas(entries, source)
        else:
            continue
        found += _misplaced(entries, source)
    return found


def _in_order(entries: Sequence[nodes.Node], reserved: Sequence[nodes.Node]) -> list[nodes.Node]:
    return sorted([*entries, *reserved], key=lambda node: node.span.start)


def _lines(entries: Sequence[nodes.Node], source: SourceFile) -> Iterator[Diagnostic]:
    for before, after in pairwise(entries):
        if before.span.end_line == after.span.line and not _documentation_ends(after, source):
            yield _problem("a new line must stand before this", "start a new line here", _start(after))


def _commas(entries: Sequence[nodes.Node], source: SourceFile) -> Iterator[Diagnostic]:
    told = None
    for before, after in pairwise(entries):
        together = (
            before.span.end_line == after.span.line and "," not in source.text[before.span.end : after.span.start]
        )
        if together and not _documentation_ends(after, source):
            # A word too many misses a comma on both sides: that is one mistake.
            if told is not before:
                yield _problem("a comma or a new line must stand before this", "write a comma here", _start(after))
            told = after


def _misplaced(entries: Sequence[nodes.Node], source: SourceFile) -> Iterator[Diagnostic]:
    """Find documentation that stands behind something on its line, and so documents what comes next."""
    for before, after in pairwise(entries):
        if before.span.end_line == after.span.line and _documentation_ends(after, source):
            span = source.span(after.span.start, after.span.start + 3)
            message = "this documents what comes next, not what stands before it on its line"
            remedy = "put it on the line above what it documents, or write `//` for a comment"
            yield Diagnostic(code="L0101", message=message, span=span, help=(remedy,))


def _documentation_ends(after: nodes.Node, source: SourceFile) -> bool:
    """Tell whether `after` starts with documentation, whose line end separates it as well (a lint finding)."""
    return source.text.startswith("///", after.span.start)


def _start(node: nodes.Node) -> Span:
    if isinstance(node, nodes.Declared) and not node.annotations:
        return node.name.span
    return node.span


def _problem(message: str, remedy: str, span: Span) -> Diagnostic:
    return Diagnostic(code="E0108", message=message, span=span, help=(remedy,))
