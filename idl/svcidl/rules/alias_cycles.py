"""An alias stands for a type: it cannot stand for itself, not even through a list (a struct may)."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.graph import circles
from svcidl.resolve.program import Program, Symbol


def alias_cycles(program: Program) -> Iterator[Diagnostic]:
    """Report every circle of aliases once, showing it."""
    edges: dict[Symbol, list[Symbol]] = {}
    for symbol in program.symbols():
        if isinstance(symbol.node, nodes.Alias):
            targets = (program.targets.get(use.ref) for use in walk.nested(symbol.node.type))
            edges[symbol] = [target for target in targets if target and isinstance(target.node, nodes.Alias)]
    for circle in circles(edges):
        shown = " → ".join(f"`{symbol.name}`" for symbol in [*circle, circle[0]])
        yield Diagnostic(
            code="E0302",
            message=f"an alias stands for itself: {shown}",
            span=circle[0].node.name.span,
            help=("make one of them a struct, which may contain itself through a list or a map",),
        )
