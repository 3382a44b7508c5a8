"""B0147: A service no longer announces an event."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page

PAGE = page(
    code="B0147",
    name="publication-dropped",
    tags=(Category.BROKER,),
    title="A service no longer publishes an event.",
    meaning="Services that hear the event wait for it in vain, without any error.",
    before="""\
event Placed { id: int }
service Orders {
  publishes Placed
  rpc count() -> int
}
""",
    wrong="""\
event Placed { id: int }
service Orders {
  rpc count() -> int
}
""",
    right="""\
event Placed { id: int }
service Orders {
  publishes Placed
  rpc count() -> int
  rpc total() -> int
}
""",
    remedy="Go on announcing it, marked `@deprecated`, until nobody subscribes to it.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for service in comparison.services:
        published = {each.event for each in service.new.publishes}
        for publication in service.old.publishes:
            successor = comparison.successors.get(publication.event)
            # An event that is gone is told by itself.
            if successor is not None and successor not in published:
                yield Finding(
                    category=Category.BROKER,
                    thing=(publication, ""),
                    message=f"`{service.new.name}` no longer publishes `{successor.name}`",
                    breaks="subscribers wait for it in vain",
                    remedy="go on announcing it until nobody subscribes to it",
                    span=service.new.span,
                    label=f"`publishes {publication.event.name}` was removed from here",
                    old_line=f"publishes {publication.event.name}",
                    old_span=publication.span,
                )


RULE = Rule(page=PAGE, check=check)
