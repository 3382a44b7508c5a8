"""B0139: A service has another name."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import both_names, spell_declaration

PAGE = page(
    code="B0139",
    name="service-renamed",
    tags=(Category.BROKER,),
    title="A service was renamed.",
    meaning=(
        "A service's name is in its queues: old clients call a queue that nobody reads any more, and what "
        "waits in the old queues is never handled."
    ),
    before="""\
service Orders { rpc count() -> int }
""",
    wrong="""\
service Purchases { rpc count() -> int }
""",
    right="""\
service Orders {
  rpc count() -> int
  rpc total() -> int
}
""",
    remedy="Keep the name; or run both services until the old one's queues are empty and nobody calls it.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for old, new in comparison.declarations.guessed:
        if isinstance(old, model.Service):
            was, is_ = both_names(old, new)
            yield Finding(
                category=Category.BROKER,
                thing=(new, ""),
                message=f"the service `{was}` is called `{is_}` now",
                breaks="old clients call a queue that nobody reads",
                remedy="keep the name, or run both services for a while",
                span=new.span,
                old_line=spell_declaration(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
