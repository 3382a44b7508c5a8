"""A default is a literal that its type accepts."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.losses import ANY_VALUE
from svcidl.resolve import walk
from svcidl.resolve.literals import BadLiteral, evaluate
from svcidl.resolve.program import Program


def defaults(program: Program) -> Iterator[Diagnostic]:
    """Report defaults that do not fit."""
    for unit in program.units:
        for field in _fields(unit.tree):
            if field.default is None:
                continue
            try:
                evaluate(program, field.type, field.default)
            except BadLiteral as bad:
                # A value that a syntax error swallowed is not unknown.
                names = (bad.node.text, ANY_VALUE) if isinstance(bad.node, nodes.Word) else ()
                if unit.file.lost.isdisjoint(names):
                    yield Diagnostic(code=bad.code, message=bad.message, span=bad.node.span, help=bad.help)


def _fields(tree: nodes.File) -> Iterator[nodes.Field]:
    for declaration in tree.declarations:
        if isinstance(declaration, nodes.Struct | nodes.Error | nodes.Event):
            yield from declaration.fields
        elif isinstance(declaration, nodes.Service):
            for member in declaration.members:
                yield from walk.parameters(member)
