"""B0130: A declared error is gone."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0130",
    name="error-removed",
    tags=(Category.SOURCE,),
    title="An error was removed.",
    meaning=(
        "Code that catches the error by its class no longer runs. To leave an error out of `throws` is no "
        "breaking change: it arrives as a general remote error with its name and fields."
    ),
    before="""\
error Full(409) { limit: int }
service Orders {
  rpc place() throws Full
    http POST "/orders"
}
""",
    wrong="""\
service Orders {
  rpc place()
    http POST "/orders"
}
""",
    right="""\
error Full(409) { limit: int }
service Orders {
  rpc place()
    http POST "/orders"
}
""",
    remedy="Leave the declaration, marked `@deprecated`, and take the error out of `throws`.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for each in comparison.declarations.removed:
        if isinstance(each, model.Error) and comparison.reached_before(each):
            yield Finding(
                category=Category.SOURCE,
                thing=(each, ""),
                message=f"the error `{each.name}` was removed",
                breaks="code that catches it no longer runs",
                remedy="keep the declaration, marked `@deprecated`",
                span=comparison.homes[each].span,
                label=f"`{each.name}` was removed from this package",
                old_line=spell_declaration(each),
                old_span=each.span,
            )


RULE = Rule(page=PAGE, check=check)
