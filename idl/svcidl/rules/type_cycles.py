"""A struct may contain itself through a list, a map, `?` or a union; otherwise no value of it could ever end."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.resolve.graph import circles
from svcidl.resolve.program import Program, Symbol, shape


def type_cycles(program: Program) -> Iterator[Diagnostic]:
    """Report every circle of required struct fields once, showing it."""
    edges: dict[Symbol, dict[Symbol, nodes.Field]] = {}
    for symbol in program.symbols():
        if isinstance(symbol.node, nodes.Struct):
            edges[symbol] = dict(_required(program, symbol.node))
    for circle in circles(edges):
        steps = list(zip(circle, [*circle[1:], circle[0]], strict=True))
        fields = [edges[start][end] for start, end in steps]
        shown = " → ".join(f"`{symbol.name}.{field.name.text}`" for symbol, field in zip(circle, fields, strict=True))
        yield Diagnostic(
            code="E0301",
            message=f"`{circle[0].name}` contains itself without end: {shown} → `{circle[0].name}`",
            span=fields[0].type.span,
            help=(f"make {'it' if len(fields) == 1 else 'one of them'} optional with `?`, or a list",),
            notes=tuple(Note(message="then here", span=field.type.span) for field in fields[1:]),
        )


def _required(program: Program, node: nodes.Struct) -> Iterator[tuple[Symbol, nodes.Field]]:
    for field in node.fields:
        target = shape(program, field.type)
        if not field.type.optional and target.symbol is not None and isinstance(target.symbol.node, nodes.Struct):
            yield target.symbol, field
