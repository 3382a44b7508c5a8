"""B0146: A member demands to know who calls, or by another scheme."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration, spell_member

PAGE = page(
    code="B0146",
    name="authentication-demanded",
    tags=(
        Category.WIRE,
        Category.ROUTE,
    ),
    title="A member demands authentication now, or by another scheme.",
    meaning=(
        "Old clients send no credential, or one of the old scheme, and are refused: on the bus (WIRE) and "
        "over HTTP (ROUTE)."
    ),
    before="""\
service Orders {
  rpc count() -> int
}
""",
    wrong="""\
service Orders {
  @auth("bearer") rpc count() -> int
}
""",
    right="""\
service Orders {
  rpc count() -> int
  @auth("bearer") rpc total() -> int
}
""",
    remedy=(
        "Let the application take both for a while: leave the member open in the contract, and check the "
        "credential where there is one."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for service in comparison.services:
        for old, new in service.members.kept:
            if _scheme(new) is None or _scheme(new) == _scheme(old):
                continue
            # What the whole service demands is told once.
            of_service = new.auth == service.new.auth != service.old.auth
            name = service.new.name if of_service else f"{service.new.name}.{new.name}"
            yield Finding(
                category=Category.WIRE if isinstance(new, model.Rpc | model.Oneway) else Category.ROUTE,
                thing=(service.new if of_service else new, "auth"),
                message=f'`{name}` demands `@auth("{new.auth}")` now',
                breaks="calls of old clients without it are refused",
                remedy="take calls without it for a while, or add another member",
                span=service.new.span if of_service else new.span,
                old_line=spell_declaration(service.old) if of_service else spell_member(old),
                old_span=service.old.span if of_service else old.span,
            )


def _scheme(member: model.AnyMember) -> str | None:
    return None if member.auth == "none" else member.auth


RULE = Rule(page=PAGE, check=check)
