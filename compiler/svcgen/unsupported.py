"""What the language has and the Python generator does not write yet: one clear diagnostic instead of half a package."""

from collections.abc import Iterator

from svcidl.diagnostics import Diagnostic
from svcidl.model import AnyMember, Model, Rpc, Service, Socket


def unsupported(model: Model) -> Iterator[Diagnostic]:
    """Yield a diagnostic for every member that cannot be generated."""
    for package in model.packages:
        for declaration in package.declarations:
            if isinstance(declaration, Service):
                yield from filter(None, map(_diagnose, declaration.members))


def _diagnose(member: AnyMember) -> Diagnostic | None:
    match member:
        case Socket():
            what, remedy = "sockets", "serve it with a `route`, or leave it out"
        case Rpc(stream=True):
            what, remedy = "streams", "return a `list`, page by page, or leave it out"
        case _:
            return None
    return Diagnostic(
        code="G0101",
        message=f"{what} are not generated yet: `{member.name}`",
        span=member.span,
        label="the language knows it, the Python generator does not write it yet",
        help=(remedy,),
    )
