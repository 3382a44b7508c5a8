"""B0132: An error has another HTTP status."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0132",
    name="error-status-changed",
    tags=(Category.ROUTE,),
    title="An error that HTTP clients get has another status.",
    meaning="HTTP clients tell errors by their status. On the bus the status means nothing.",
    before="""\
error Full(409) { limit: int }
service Orders {
  rpc place() throws Full
    http POST "/orders"
}
""",
    wrong="""\
error Full(422) { limit: int }
service Orders {
  rpc place() throws Full
    http POST "/orders"
}
""",
    right="""\
error Full(409) { limit: int }
service Orders {
  rpc place() throws Full
    http POST "/orders" status 204
}
""",
    remedy="Keep the status, or declare another error with the new one.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    over_http = {
        error
        for pair in comparison.members
        for member in (pair.old, pair.new)
        if isinstance(member, model.Rpc) and member.http is not None
        for error in member.throws
    }
    for old, new in comparison.declarations.kept:
        if not isinstance(old, model.Error) or not isinstance(new, model.Error):
            continue
        if old.status != new.status and {old, new} <= over_http:
            yield Finding(
                category=Category.ROUTE,
                thing=(new, "status"),
                message=f"the error `{new.name}` has the status {new.status} instead of {old.status}",
                breaks="old HTTP clients take it for another error",
                remedy="keep the status, or declare another error",
                span=new.span,
                old_line=spell_declaration(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
