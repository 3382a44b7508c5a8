"""Events are kept and read by any version: what is closed in them can never be extended."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Note
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.reach import reach
from svcidl.lint.rule import Problem, Rule
from svcidl.resolve import walk
from svcidl.resolve.program import Symbol


def closed_type_in_event(context: Context) -> Iterator[Problem]:
    """Find events that lead to a closed enum or union."""
    # Many events carry the same few types.
    known: dict[Symbol, tuple[Symbol, ...]] = {}
    for _, node in context.declarations:
        told: set[Symbol] = set()
        for field in node.fields if isinstance(node, nodes.Event) else ():
            for use in walk.nested(field.type):
                symbol = context.program.targets.get(use.ref)
                if symbol is not None and symbol not in known:
                    known[symbol] = tuple(filter(_is_closed, reach(context.program, [(use, "")]).symbols))
                for closed in known[symbol] if symbol is not None else ():
                    if closed not in told:
                        told.add(closed)
                        yield _problem(node, field, closed)


def _is_closed(symbol: Symbol) -> bool:
    return isinstance(symbol.node, nodes.Enum | nodes.Union) and symbol.node.closed


def _problem(event: nodes.Declaration, field: nodes.Field, closed: Symbol) -> Problem:
    return Problem(
        span=field.name.span,
        message=f"event `{event.name.text}` carries the closed {closed.kind} `{closed.name}`",
        help=(f"open it: remove `closed` from `{closed.name}`",),
        notes=(Note(message="declared here", span=closed.node.name.span),),
    )


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
