"""Files may import each other, but the data types of packages may not depend on each other in a circle."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, Note
from svcidl.resolve import walk
from svcidl.resolve.graph import circles
from svcidl.resolve.program import Program, Unit


def package_cycles(program: Program) -> Iterator[Diagnostic]:
    """Report every circle of packages once, showing it and a reference for each step."""
    edges: dict[Unit, dict[Unit, nodes.Ref]] = {unit: {} for unit in program.units}
    for unit in program.units:
        for declaration in unit.tree.declarations:
            # A service uses data types and is used by none: it cannot be part of a circle.
            if not isinstance(declaration, nodes.Service):
                for outer in walk.own_types(declaration):
                    for use in walk.nested(outer):
                        target = program.targets.get(use.ref)
                        if target is not None and target.unit is not unit:
                            edges[unit].setdefault(target.unit, use.ref)
    for circle in circles(edges):
        steps = [edges[start][end] for start, end in zip(circle, [*circle[1:], circle[0]], strict=True)]
        shown = " → ".join(f"`{unit.package}`" for unit in [*circle, circle[0]])
        yield Diagnostic(
            code="E0214",
            message=f"data types of packages depend on each other in a circle: {shown}",
            span=steps[0].span,
            help=("move the types that both need into a third file",),
            notes=tuple(
                Note(message="and back from here" if ref is steps[-1] else "then here", span=ref.span)
                for ref in steps[1:]
            ),
        )
