"""B0131: An error has another name."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import both_names, spell_declaration

PAGE = page(
    code="B0131",
    name="error-renamed",
    tags=(Category.SOURCE,),
    title="An error was renamed.",
    meaning=(
        "Errors travel by name: old clients do not know the new one and raise a general remote error instead, "
        "so that code which catches the old class no longer catches it."
    ),
    before="""\
error Full(409) { limit: int }
service Orders {
  rpc place() throws Full
    http POST "/orders"
}
""",
    wrong="""\
error Overfull(409) { limit: int }
service Orders {
  rpc place() throws Overfull
    http POST "/orders"
}
""",
    right="""\
error Full(409) { limit: int, left: int? }
service Orders {
  rpc place() throws Full
    http POST "/orders"
}
""",
    remedy="Keep the name.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for old, new in comparison.declarations.guessed:
        if isinstance(old, model.Error) and comparison.reach(old, new):
            was, is_ = both_names(old, new)
            yield Finding(
                category=Category.SOURCE,
                thing=(new, ""),
                message=f"the error `{was}` is called `{is_}` now",
                breaks="code that catches the old name no longer catches it",
                remedy="keep the old name",
                span=new.span,
                old_line=spell_declaration(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
