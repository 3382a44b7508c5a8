"""Documentation is published: a note to oneself in it is read by everybody."""

import re
from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected

_DOCUMENTATION = re.compile(r'"(?:[^"\\\r\n]|\\[^\r\n])*"|//[^\r\n]*')
_NOTE = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def note_in_documentation(context: Context) -> Iterator[Problem]:
    """Find `TODO` and the like behind `///`."""
    for unit in context.units:
        source = context.source(unit)
        for match in _DOCUMENTATION.finditer(source.text) if _NOTE.search(source.text) else ():
            line = match.group()
            if line.startswith("///") and not line.startswith("////") and (note := _NOTE.search(line)):
                span = source.span(match.start() + note.start(), match.start() + note.end())
                message = f"`{note.group()}` stands in documentation, which others read"
                yield Problem(span=span, message=message, help=("make it a `//` comment",))


RULE = Rule(
    find=note_in_documentation,
    page=Explanation(
        code="L0153",
        name="note-in-documentation",
        tags=("opt-in",),
        title="A note to oneself stands in documentation.",
        meaning="`///` goes into the reference, docstrings and OpenAPI. `TODO`, `FIXME`, `XXX` and `HACK` are for "
        "those who write the contract, and belong into a `//` comment.",
        wrong=selected(
            "note-in-documentation", "package shop.v1\n\n/// An order. TODO: currencies\nstruct Order { id: uuid }"
        ),
        right=selected(
            "note-in-documentation", "package shop.v1\n\n// TODO: currencies\n/// An order.\nstruct Order { id: uuid }"
        ),
        remedy="Make it a comment.",
    ),
)
