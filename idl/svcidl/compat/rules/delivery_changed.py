"""B0150: An event is delivered otherwise."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_member

PAGE = page(
    code="B0150",
    name="delivery-changed",
    tags=(Category.BROKER,),
    title="A subscription has another delivery.",
    meaning=(
        "Each delivery has another queue: pool one per handler, singleton one for all services, broadcast one "
        "per instance. While both versions run an event is handled twice, and the old queue stays bound and "
        "fills."
    ),
    before="""\
event Placed { id: int }
service Orders {
  subscribes Placed as on_placed
}
""",
    wrong="""\
event Placed { id: int }
service Orders {
  @delivery(broadcast) subscribes Placed as on_placed
}
""",
    right="""\
event Placed { id: int }
service Orders {
  subscribes Placed as on_placed
  @delivery(broadcast) subscribes Placed as refresh
}
""",
    remedy="Add a second handler, and remove the first one later; delete its queue then.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        old, new = pair.old, pair.new
        if not isinstance(old, model.Subscription) or not isinstance(new, model.Subscription):
            continue
        if old.delivery is not new.delivery:
            yield Finding(
                category=Category.BROKER,
                thing=(new, ""),
                message=f"`{pair.name}` has the delivery `{new.delivery.value}` instead of `{old.delivery.value}`",
                breaks="an event is handled twice during the update, and the old queue fills",
                remedy="add a second handler, and remove the first one later",
                span=new.span,
                old_line=f"@delivery({old.delivery.value}) {spell_member(old)}",
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
