"""The constraints of a type: those it takes, in range, patterns that every reader reads alike."""

from collections.abc import Iterator

from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.constraints import read_constraints
from svcidl.resolve.program import Kind, Program, builtin


def type_constraints(program: Program) -> Iterator[Diagnostic]:
    """Report wrong constraints, and any on a declared type."""
    for unit in program.units:
        for use in walk.all_types(unit.tree):
            name = builtin(use)
            if name is not None:
                yield from read_constraints(name, use).problems
            elif use.constraints and use.ref in program.targets:
                symbol = program.targets[use.ref]
                message = f"the {symbol.kind} `{use.ref.text}` takes no constraints where it is used"
                help_ = ("declare another alias with them",) if symbol.kind is Kind.ALIAS else ("remove them",)
                yield Diagnostic(code="E0307", message=message, span=use.constraints[0].span, help=help_)
