"""B0138: A service is gone."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0138",
    name="service-removed",
    tags=(Category.BROKER,),
    title="A service was removed.",
    meaning="Calls find nobody, jobs and events wait in queues that nobody reads any more.",
    before="""\
service Orders { rpc count() -> int }
service Reports { oneway print(id: int) }
""",
    wrong="""\
service Orders { rpc count() -> int }
""",
    right="""\
service Orders { rpc count() -> int }
@deprecated("use Orders") service Reports { oneway print(id: int) }
""",
    remedy="Mark it `@deprecated`, and remove it when nobody calls it and its queues are empty.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for each in comparison.declarations.removed:
        if isinstance(each, model.Service):
            yield Finding(
                category=Category.BROKER,
                thing=(each, ""),
                message=f"the service `{each.name}` was removed",
                breaks="callers find nobody, and its queues are read by nobody",
                remedy="keep it, marked `@deprecated`, until nobody calls it",
                span=comparison.homes[each].span,
                label=f"`{each.name}` was removed from this package",
                old_line=spell_declaration(each),
                old_span=each.span,
            )


RULE = Rule(page=PAGE, check=check)
