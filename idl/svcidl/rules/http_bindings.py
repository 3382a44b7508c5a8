"""HTTP clauses, routes and sockets: method, path, status, and a place in the request for every parameter."""

from collections.abc import Iterator

from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.http import read_binding
from svcidl.resolve.program import Program


def http_bindings(program: Program) -> Iterator[Diagnostic]:
    """Report what is wrong with the way HTTP reaches a member."""
    for unit in program.units:
        for service in walk.services(unit.tree):
            for member in service.members:
                binding = read_binding(program, member)
                if binding is not None:
                    yield from binding.problems
