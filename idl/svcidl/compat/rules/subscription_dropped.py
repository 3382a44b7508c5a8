"""B0148: A service no longer hears an event."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_member

PAGE = page(
    code="B0148",
    name="subscription-dropped",
    tags=(Category.BROKER,),
    title="A service no longer subscribes to an event.",
    meaning="The queue of the subscription stays bound and fills: nobody reads it any more.",
    before="""\
event Placed { id: int }
service Orders {
  subscribes Placed as on_placed
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
  subscribes Placed as on_placed
  rpc count() -> int
  rpc total() -> int
}
""",
    remedy=(
        "Drop the subscription when the queue may go: stop the publishers or delete the queue after the "
        "update, and accept the finding."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for service in comparison.services:
        gone = [each for each in service.members.removed if isinstance(each, model.Subscription)]
        gone += [
            old
            for old, new in service.members.kept
            if isinstance(old, model.Subscription)
            and isinstance(new, model.Subscription)
            and comparison.successors.get(old.event) is not new.event
        ]
        for subscription in gone:
            if subscription.event in comparison.successors:
                yield Finding(
                    category=Category.BROKER,
                    thing=(subscription, ""),
                    message=f"`{service.new.name}` no longer hears `{subscription.event.name}`",
                    breaks="its queue fills, and nobody reads it",
                    remedy="delete the queue after the update, and accept this finding",
                    span=service.new.span,
                    label=f"`{spell_member(subscription)}` was removed from here",
                    old_line=spell_member(subscription),
                    old_span=subscription.span,
                )


RULE = Rule(page=PAGE, check=check)
