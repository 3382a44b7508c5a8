"""An event that nobody publishes is waited for in vain."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule


def event_never_published(context: Context) -> Iterator[Problem]:
    """Find events that no service of the run publishes."""
    for unit in context.units:
        if context.is_complete(unit):
            for symbol in unit.symbols.values():
                if isinstance(symbol.node, nodes.Event) and symbol not in context.published:
                    heard = ", but it is subscribed" if symbol in context.heard else ""
                    message = f"event `{symbol.name}` is published by no service{heard}"
                    help_ = (f"add `publishes {symbol.name}` to the service that announces it",)
                    yield Problem(span=symbol.node.name.span, message=message, help=help_)


RULE = Rule(
    find=event_never_published,
    page=Explanation(
        code="L0141",
        name="event-never-published",
        title="An event is published by no service.",
        meaning="Only a service with `publishes E` can announce the event from its code. Where no service of the files "
        "given has it, the event is forgotten there, or superfluous. A file without services that no other "
        "file of the run imports is left alone.",
        wrong=example(
            """
package shop.v1

event OrderPlaced { id: uuid }

service Mails {
  subscribes OrderPlaced as on_order_placed
}
"""
        ),
        right=example(
            """
package shop.v1

event OrderPlaced { id: uuid }

service Orders {
  publishes OrderPlaced
}

service Mails {
  subscribes OrderPlaced as on_order_placed
}
"""
        ),
        remedy="Add `publishes`, or remove the event; give all files of a project at once, so that every publisher is "
        "seen.",
    ),
)
