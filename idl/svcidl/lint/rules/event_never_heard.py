"""An event that nobody hears is sent for nothing, or its hearer has been forgotten."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected


def event_never_heard(context: Context) -> Iterator[Problem]:
    """Find events that are published and that no service of the run subscribes."""
    for served in context.own_members:
        for ref in served.member.events if isinstance(served.member, nodes.Publishes) else ():
            symbol = context.program.targets.get(ref)
            if symbol is not None and symbol not in context.heard:
                message = f"event `{symbol.name}` is published and no service subscribes it"
                yield Problem(
                    span=ref.span,
                    message=message,
                    help=(f"add `subscribes {symbol.name} as …` to the service that hears it",),
                )


RULE = Rule(
    find=event_never_heard,
    page=Explanation(
        code="L0142",
        name="event-never-heard",
        tags=("opt-in",),
        title="An event is published and subscribed by no service.",
        meaning="Where a project holds the contracts of all its services, an event without a hearer is forgotten in "
        "one of them. Where others hear it, whose contracts are elsewhere, the rule has nothing to say: that "
        "is why it is off by default.",
        wrong=selected(
            "event-never-heard",
            "package shop.v1\n\nevent OrderPlaced { id: uuid }\n\nservice Orders {\n  publishes OrderPlaced\n}",
        ),
        right=selected(
            "event-never-heard",
            """
package shop.v1

event OrderPlaced { id: uuid }

service Orders {
  publishes OrderPlaced
}

service Mails {
  subscribes OrderPlaced as on_order_placed
}
""",
        ),
        remedy="Subscribe it, or stop publishing it.",
    ),
)
