"""B0151: HTTP no longer reaches a method."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import binding
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_http, spell_member

PAGE = page(
    code="B0151",
    name="http-dropped",
    tags=(Category.ROUTE,),
    title="A method is no longer served over HTTP.",
    meaning="Requests of old HTTP clients are answered with 404.",
    before="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}"
}
""",
    wrong="""\
service Orders {
  rpc get(id: int) -> str
}
""",
    right="""\
service Orders {
  rpc get(id: int) -> str
    http GET "/orders/{id}"
  rpc count() -> int
}
""",
    remedy="Keep the `http` clause until nobody uses it.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        before = binding(pair.old)
        if before is not None and binding(pair.new) is None and type(pair.old) is type(pair.new):
            yield Finding(
                category=Category.ROUTE,
                thing=(pair.new, "http"),
                message=f"`{pair.name}` is no longer served over HTTP",
                breaks="requests of old HTTP clients find nothing",
                remedy="keep the `http` clause until nobody uses it",
                span=pair.new.span,
                old_line=f"{spell_member(pair.old)} http {spell_http(before)}",
                old_span=before.span,
            )


RULE = Rule(page=PAGE, check=check)
