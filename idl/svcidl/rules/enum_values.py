"""An enum has one value at least."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve.program import Program


def enum_values(program: Program) -> Iterator[Diagnostic]:
    """Report enums without values."""
    for symbol in program.symbols():
        if isinstance(symbol.node, nodes.Enum) and not symbol.node.values:
            message = f"`{symbol.name}` has no values"
            yield Diagnostic(code="E0317", message=message, span=symbol.node.name.span, help=("list one at least",))
