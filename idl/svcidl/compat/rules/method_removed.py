"""B0140: A method, route or socket is gone."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import KINDS, spell_member

PAGE = page(
    code="B0140",
    name="method-removed",
    tags=(
        Category.WIRE,
        Category.ROUTE,
    ),
    title="A method was removed from a service.",
    meaning=(
        "Old clients still call it. An rpc is answered with `svc.UnknownMethod`, a job is parked (WIRE); a "
        "route or socket is answered with 404 (ROUTE)."
    ),
    before="""\
service Orders {
  rpc count() -> int
  rpc total() -> int
}
""",
    wrong="""\
service Orders {
  rpc count() -> int
}
""",
    right="""\
service Orders {
  rpc count() -> int
  @deprecated("use `count`") rpc total() -> int
}
""",
    remedy="Mark it `@deprecated`, and remove it when nobody calls it, with the finding accepted in the file.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for service in comparison.services:
        for member in service.members.removed:
            if isinstance(member, model.Rpc | model.Oneway | model.Route | model.Socket):
                is_called = isinstance(member, model.Rpc | model.Oneway)
                yield Finding(
                    category=Category.WIRE if is_called else Category.ROUTE,
                    thing=(member, ""),
                    message=f"the {KINDS[type(member)]} `{service.new.name}.{member.name}` was removed",
                    breaks="calls of old clients are refused" if is_called else "requests of old clients find nothing",
                    remedy="keep it, marked `@deprecated`, until nobody calls it",
                    span=service.new.span,
                    label=f"`{member.name}` was removed from here",
                    old_line=spell_member(member),
                    old_span=member.span,
                )


RULE = Rule(page=PAGE, check=check)
