"""B0134: An event has another name."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import both_names, spell_declaration

PAGE = page(
    code="B0134",
    name="event-renamed",
    tags=(Category.BROKER,),
    title="An event was renamed.",
    meaning=(
        "An event's name is its routing key, and part of the names of queues. Old subscribers wait for the "
        "old name in vain; what lies in their queues is heard by nobody."
    ),
    before="""\
event Placed { id: int }
service Orders { publishes Placed }
""",
    wrong="""\
event Accepted { id: int }
service Orders { publishes Accepted }
""",
    right="""\
event Placed { id: int, total: int? }
service Orders { publishes Placed }
""",
    remedy="Announce a new event beside the old one, and remove that when nobody subscribes to it any more.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for old, new in comparison.declarations.guessed:
        if isinstance(old, model.Event):
            was, is_ = both_names(old, new)
            yield Finding(
                category=Category.BROKER,
                thing=(new, ""),
                message=f"the event `{was}` is called `{is_}` now",
                breaks="old subscribers wait for the old name in vain",
                remedy="announce the new event beside the old one",
                span=new.span,
                old_line=spell_declaration(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
