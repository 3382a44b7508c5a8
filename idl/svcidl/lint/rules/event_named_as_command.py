"""An event tells what has happened; what tells others to act is a call or a job."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.lint.words import words

_COMMANDS = frozenset(
    words(
        "create update delete remove add send cancel place notify process start stop set do make publish run pay ship"
    )
)


def event_named_as_command(context: Context) -> Iterator[Problem]:
    """Find events whose name begins with an order."""
    for _, node in context.declarations:
        said = words(node.name.text)
        if isinstance(node, nodes.Event) and len(said) > 1 and said[0] in _COMMANDS:
            message = f"event `{node.name.text}` is named like an order, not like something that happened"
            help_ = ("name what has happened, as `OrderPlaced`, or make it a `oneway` of the service that obeys",)
            yield Problem(span=node.name.span, message=message, help=help_)


RULE = Rule(
    find=event_named_as_command,
    page=Explanation(
        code="L0143",
        name="event-named-as-command",
        tags=("opt-in",),
        title="An event is named like an order.",
        meaning="An event is announced to whoever listens, nobody perhaps; its publisher does not know. `SendMail` "
        "knows who is to act and what it is to do, which is a job (`oneway`) of that service: it is kept until "
        "it is done, once.",
        wrong=selected("event-named-as-command", "package shop.v1\n\nevent SendInvoice { order_id: uuid }"),
        right=selected("event-named-as-command", "package shop.v1\n\nevent InvoiceSent { order_id: uuid }"),
        remedy="Name what has happened, or declare a `oneway`.",
    ),
)
