"""What hovers over a name: how it is declared, and its documentation."""

import re

from lsprotocol import types

from svcgen.lsp import texts
from svcgen.lsp.view import View
from svcidl import nodes
from svcidl.index import Definition
from svcidl.resolve import walk
from svcidl.source import SourceFile

_LEAD = re.compile(r"(?:\s|//[^\r\n]*)*")
_LONGEST = 15
"""Lines of a declaration that are shown; a service has hundreds."""


def hover(view: View, position: types.Position) -> types.Hover | None:
    """Return what is known of the name at a position."""
    found = view.occurrence(position)
    if found is not None:
        return _hover(view, described(view, found.definition), found.span.start, found.span.end)
    offset = view.offset(position)
    word = _word(view.source.text, offset)
    if word is None:
        return None
    start, end, name = word
    if view.source.text[start - 1 : start] == "@" and name in texts.ANNOTATIONS:
        return _hover(view, texts.of_annotation(name), start - 1, end)
    if name in texts.TYPES and _is_type(view, start):
        return _hover(view, texts.of_type(name), start, end)
    return None


def _hover(view: View, text: str, start: int, end: int) -> types.Hover:
    content = types.MarkupContent(kind=types.MarkupKind.Markdown, value=text)
    return types.Hover(contents=content, range=view.range(view.source.span(start, end)))


def _word(text: str, offset: int) -> tuple[int, int, str] | None:
    end_of_line = text.find("\n", offset)
    start_of_line = text.rfind("\n", 0, offset) + 1
    line = text[start_of_line : end_of_line if end_of_line >= 0 else len(text)]
    for found in re.finditer(r"[A-Za-z_]\w*", line, re.ASCII):
        if found.start() <= offset - start_of_line <= found.end():
            return start_of_line + found.start(), start_of_line + found.end(), found.group()
    return None


def _is_type(view: View, start: int) -> bool:
    """Tell whether a word is used as a type: fields may be called `date`, and comments may say `list`."""
    return view.unit is not None and any(use.ref.span.start == start for use in walk.all_types(view.unit.tree))


def described(view: View, definition: Definition) -> str:
    """Return the declaration and its documentation in Markdown."""
    meant = definition.target or definition
    source = view.analysis.source(meant.name_span.file)
    if isinstance(meant.node, nodes.ImportAs):
        return _module(meant)
    owner = f"{meant.owner.name}." if meant.owner is not None else f"{meant.unit.package}."
    shown = f"```svcgen\n{signature(source, meant.node)}\n```" if source is not None else ""
    doc = meant.node.doc if isinstance(meant.node, nodes.Documented) else ""
    return "\n\n".join(part for part in (f"{meant.kind} `{owner}{meant.name}`", shown, doc) if part)


def _module(definition: Definition) -> str:
    imported = definition.imported
    if imported is None:
        return f"`{definition.name}`: a file that could not be read"
    return "\n\n".join(part for part in (f"```svcgen\npackage {imported.package}\n```", imported.tree.doc) if part)


def signature(source: SourceFile, node: nodes.Node) -> str:
    """Return a declaration as written, without its documentation, shortened where it is long."""
    annotations = node.annotations if isinstance(node, nodes.Documented) else ()
    lead = [source.text[each.span.start : each.span.end] for each in annotations]
    start = max([node.span.start, *(each.span.end for each in annotations)])
    begins = _LEAD.match(source.text, start)
    start = begins.end() if begins is not None else start
    lines = [*lead, *_dedented(source.text[start : node.span.end].replace("\r\n", "\n").split("\n"))]
    if len(lines) <= _LONGEST:
        return "\n".join(lines)
    return "\n".join([*lines[: _LONGEST - 1], "  …"])


def _dedented(lines: list[str]) -> list[str]:
    """Return lines with the indentation of the last one taken away, which stands where the first began."""
    last = lines[-1]
    indent = len(last) - len(last.lstrip()) if last.strip() in ("}", ")") else 0
    return [lines[0], *(line[indent:] if not line[:indent].strip() else line for line in lines[1:])]
