"""B0152: A method is served under another HTTP method."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import binding
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_http, spell_member

PAGE = page(
    code="B0152",
    name="http-method-changed",
    tags=(Category.ROUTE,),
    title="The HTTP method changed.",
    meaning="Requests of old HTTP clients are answered with 405.",
    before="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}"
}
""",
    wrong="""\
service Orders {
  rpc get(id: int) -> str
    http POST "/orders/{id}"
}
""",
    right="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}"
  rpc put(id: int) -> str
    http PUT "/orders/{id}"
}
""",
    remedy="Keep the HTTP method; add a second member for the new one.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        before, after = binding(pair.old), binding(pair.new)
        if before is not None and after is not None and before.method != after.method:
            yield Finding(
                category=Category.ROUTE,
                thing=(pair.new, "http"),
                message=f"`{pair.name}` is served as {after.method} instead of {before.method}",
                breaks="requests of old HTTP clients are refused",
                remedy="keep the HTTP method, or add a second member",
                span=after.span,
                old_line=f"{spell_member(pair.old)} http {spell_http(before)}",
                old_span=before.span,
            )


RULE = Rule(page=PAGE, check=check)
