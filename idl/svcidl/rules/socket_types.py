"""A socket carries structs or unions."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.program import Program, shape


def socket_types(program: Program) -> Iterator[Diagnostic]:
    """Report sockets that receive or send anything else."""
    for unit in program.units:
        for service in walk.services(unit.tree):
            for member in service.members:
                if isinstance(member, nodes.Socket):
                    for use in (member.receives, member.sends):
                        if shape(program, use).kind not in ("struct", "union", "unknown") or use.optional:
                            message = "a socket carries structs or unions"
                            is_fine = shape(program, use).kind in ("struct", "union")
                            help_ = ("remove the `?`" if is_fine else "put the value into a struct",)
                            yield Diagnostic(code="E0320", message=message, span=use.span, help=help_)
