"""B0149: A handler of an event has another name."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_member

PAGE = page(
    code="B0149",
    name="handler-renamed",
    tags=(Category.BROKER,),
    title="A handler of an event was renamed.",
    meaning=(
        "The handler's name is part of the name of its queue (`svc.event.<event>--<service>.<handler>`): the "
        "new version reads a new queue, and the old one stays bound and fills. Broadcast and singleton "
        "handlers have no queue of their name."
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
  subscribes Placed as remember
}
""",
    right="""\
event Placed { id: int }
service Orders {
  subscribes Placed as on_placed
  rpc count() -> int
}
""",
    remedy="Keep the name; or empty and delete the old queue after the update, and accept the finding.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for service in comparison.services:
        for old, new in service.members.guessed:
            if isinstance(old, model.Subscription) and old.delivery is model.Delivery.POOL:
                yield Finding(
                    category=Category.BROKER,
                    thing=(new, ""),
                    message=f"the handler `{service.new.name}.{old.name}` is called `{new.name}` now",
                    breaks="its old queue fills, and nobody reads it",
                    remedy=f"keep the name `{old.name}`",
                    span=new.span,
                    old_line=spell_member(old),
                    old_span=old.span,
                )


RULE = Rule(page=PAGE, check=check)
