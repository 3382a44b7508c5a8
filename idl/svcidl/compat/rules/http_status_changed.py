"""B0154: Success has another HTTP status."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import binding
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_http, spell_member

PAGE = page(
    code="B0154",
    name="http-status-changed",
    tags=(Category.ROUTE,),
    title="The HTTP status of success changed.",
    meaning=(
        "HTTP clients may wait for exactly the old status: 201 with a body, 204 without one. Without a "
        "`status` clause it follows from the result."
    ),
    before="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}"
}
""",
    wrong="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}" status 203
}
""",
    right="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}" status 200
}
""",
    remedy="Write the old status.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        before, after = binding(pair.old), binding(pair.new)
        if before is not None and after is not None and before.status != after.status:
            yield Finding(
                category=Category.ROUTE,
                thing=(pair.new, "http"),
                message=f"success of `{pair.name}` has the status {after.status} instead of {before.status}",
                breaks="old HTTP clients do not expect it",
                remedy=f"write `status {before.status}`",
                span=after.span,
                old_line=f"{spell_member(pair.old)} http {spell_http(before)}",
                old_span=before.span,
            )


RULE = Rule(page=PAGE, check=check)
