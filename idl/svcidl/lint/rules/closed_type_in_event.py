"""Events are kept and read by any version: what is closed in them can never be extended."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Note
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.reach import reach
from svcidl.lint.rule import Problem, Rule


def closed_type_in_event(context: Context) -> Iterator[Problem]:
    """Find events that lead to a closed enum or union."""
    for _, node in context.declarations:
        if not isinstance(node, nodes.Event):
            continue
        told: set[nodes.Declaration] = set()
        for field in node.fields:
            for symbol in reach(context.program, [(field.type, "")]).symbols:
                closed = symbol.node
                if isinstance(closed, nodes.Enum | nodes.Union) and closed.closed and closed not in told:
                    told.add(closed)
                    message = f"event `{node.name.text}` carries the closed {symbol.kind} `{symbol.name}`"
                    help_ = (f"open it: remove `closed` from `{symbol.name}`",)
                    note = Note(message="declared here", span=closed.name.span)
                    yield Problem(span=field.name.span, message=message, help=help_, notes=(note,))


RULE = Rule(
    find=closed_type_in_event,
    page=Explanation(
        code="L0127",
        name="closed-type-in-event",
        title="An event carries a closed enum or union.",
        meaning="Events lie in queues and are heard by services that others deploy: at any time an old reader gets "
        "what a new writer wrote. A closed type refuses what it does not know, so that its first new value "
        "makes readers refuse the event. The type may be open and the service still refuse values that it "
        "cannot handle.",
        wrong=example(
            "package shop.v1\n\nclosed enum Channel { web, shop }\n\nevent OrderPlaced { id: uuid, channel: Channel }"
        ),
        right=example(
            "package shop.v1\n\nenum Channel { web, shop }\n\nevent OrderPlaced { id: uuid, channel: Channel }"
        ),
        remedy="Remove `closed`, or give the event an open type of its own.",
    ),
)
