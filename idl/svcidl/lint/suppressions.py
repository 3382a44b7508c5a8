"""Comments that allow what a rule would find: `// svcgen: allow L0112 the reason`, `// svcgen: allow-file …`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from svcidl import nodes
from svcidl.lint.config import unknown
from svcidl.lint.known import code_of
from svcidl.resolve import walk
from svcidl.resolve.program import Unit
from svcidl.source import SourceFile, Span

_MARK = "svcgen:"
# Strings are passed over, so that `"http://…"` begins no comment.
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\\r\n]|\\[^\r\n])*"|//[^\r\n]*')
_DOCUMENTATION = re.compile(r"///(?!/)")
_BLANK = re.compile(r"(?:\s+|//(?!/(?!/))[^\r\n]*)*")
_DIRECTIVE = re.compile(r"/{2,}\s*svcgen:\s*(?P<verb>[A-Za-z-]*)\s*(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)?(?P<reason>.*)")
_RULE = re.compile(r"[\w-]+")
_VERBS = ("allow", "allow-file")
_FORM = "write `// svcgen: allow CODE the reason`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One comment.

    Attributes:
        span: the comment.
        rules: what it names, each with its place; the code is None where there is no such rule.
        rules_span: all that it names.
        lines: the lines that it is about; None for the whole file.
        faults: what is wrong with it: a message, a remedy and the place.
    """

    span: Span
    rules: tuple[tuple[str | None, Span], ...]
    rules_span: Span
    lines: range | None
    faults: tuple[tuple[str, str, Span], ...]

    def covers(self, code: str, line: int) -> bool:
        """Tell whether it is about a finding of `code` on `line`."""
        return any(code == own for own, _ in self.rules) and (self.lines is None or line in self.lines)


def read_suppressions(unit: Unit) -> list[Suppression]:
    """Return the suppressions of a file, in written order."""
    text = unit.file.source.text
    if _MARK not in text:
        return []
    ends: dict[int, int] | None = None
    found = []
    for match in _STRING_OR_COMMENT.finditer(text):
        comment = match.group()
        if comment[0] != '"' and not _DOCUMENTATION.match(comment) and (said := _DIRECTIVE.fullmatch(comment)):
            ends = _ends(unit.tree) if ends is None else ends
            found.append(_read(unit, match.start(), said, ends))
    return found


def _read(unit: Unit, start: int, said: re.Match[str], ends: Mapping[int, int]) -> Suppression:
    source = unit.file.source
    span = source.span(start, start + len(said.group().rstrip()))
    listed = said.span("rules")
    rules_span = source.span(start + max(listed[0], 0), start + max(listed[1], 0))
    rules = tuple(
        (code_of(match.group()), source.span(rules_span.start + match.start(), rules_span.start + match.end()))
        for match in _RULE.finditer(said["rules"] or "")
    )
    is_file = said["verb"] == "allow-file"
    return Suppression(
        span=span,
        rules=rules if said["verb"] in _VERBS else (),
        rules_span=rules_span,
        lines=None if is_file else _lines(source, span, ends),
        faults=tuple(_faults(unit, span, said, rules)),
    )


def _faults(
    unit: Unit, span: Span, said: re.Match[str], rules: tuple[tuple[str | None, Span], ...]
) -> Iterator[tuple[str, str, Span]]:
    verb, text = said["verb"], unit.file.source.text
    if verb not in _VERBS:
        yield f"`svcgen: {verb}` is no order to the linter", _FORM, span
        return
    if not rules:
        yield "this suppression names no rule", _FORM, span
        return
    for code, place in rules:
        if code is None:
            yield f"this suppression names no rule: {unknown(text[place.start : place.end])}", _FORM, place
    if not any(character.isalnum() for character in said["reason"]):
        yield "this suppression gives no reason", f"{_FORM}: who reads it wants to know why", span
    if verb == "allow-file" and span.start > unit.tree.span.start:
        yield "a suppression of the whole file stands above `package`", "move it to the top of the file", span


def _lines(source: SourceFile, span: Span, ends: Mapping[int, int]) -> range:
    """Return the lines that a comment is about: its own, or those of what begins below it."""
    if source.line(span.line)[: span.column - 1].strip():
        return range(span.line, span.line + 1)
    blank = _BLANK.match(source.text, span.end)
    following = blank.end() if blank else span.end
    line = source.place(following)[0]
    return range(line, ends.get(following, line) + 1)


def _ends(tree: nodes.File) -> dict[int, int]:
    """Return, by the offset at which each thing begins, the line where it or its head ends."""
    found = {tree.span.start: tree.package.span.end_line}
    found.update((node.span.start, node.span.end_line) for node in tree.imports)
    for node in tree.declarations:
        if isinstance(node, nodes.Alias | nodes.Union):
            found[node.span.start] = node.span.end_line
        else:
            found[node.span.start] = node.name.span.end_line
        found.update((entry.span.start, entry.span.end_line) for entry in _entries(node))
    return found


def _entries(node: nodes.Declaration) -> Iterator[nodes.Node]:
    if not isinstance(node, nodes.Alias):
        yield from node.reserved
    if isinstance(node, nodes.Enum):
        yield from node.values
    elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
        yield from node.fields
    elif isinstance(node, nodes.Service):
        for member in node.members:
            yield member
            yield from walk.parameters(member)
