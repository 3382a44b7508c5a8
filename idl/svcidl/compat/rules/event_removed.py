"""B0133: An event is gone."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0133",
    name="event-removed",
    tags=(Category.BROKER,),
    title="An event was removed.",
    meaning=(
        "Services that hear the event wait for it in vain, without any error; what others still announce is lost."
    ),
    before="""\
event Placed { id: int }
service Orders { publishes Placed }
""",
    wrong="""\
service Orders { rpc place() }
""",
    right="""\
event Placed { id: int }
event Cancelled { id: int, why: str }
service Orders { publishes Placed }
""",
    remedy="Announce the event, marked `@deprecated`, until nobody subscribes to it.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for each in comparison.declarations.removed:
        if isinstance(each, model.Event):
            yield Finding(
                category=Category.BROKER,
                thing=(each, ""),
                message=f"the event `{each.name}` was removed",
                breaks="subscribers wait for it in vain",
                remedy="announce it, marked `@deprecated`, until nobody subscribes to it",
                span=comparison.homes[each].span,
                label=f"`{each.name}` was removed from this package",
                old_line=spell_declaration(each),
                old_span=each.span,
            )


RULE = Rule(page=PAGE, check=check)
