"""What GET may repeat at any time, a client of the bus may repeat too."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Edit, Fix
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.rules.unsafe_get import unsafe_method


def get_not_idempotent(context: Context) -> Iterator[Problem]:
    """Find methods behind GET without `@idempotent`; of a stream nothing is ever sent again."""
    for served in context.own_members:
        member, binding = served.member, served.binding
        if not isinstance(member, nodes.Rpc) or binding is None or member.stream or member.http is None:
            continue
        if binding.method in ("GET", "HEAD") and not context.said(member).idempotent and unsafe_method(served) is None:
            source = context.source(served.unit)
            # The name follows the keyword; where the keyword begins, no documentation can come between.
            start = source.text.rindex("rpc", 0, member.name.span.start)
            edit = Edit(span=source.span(start, start), text="@idempotent ")
            yield Problem(
                span=member.name.span,
                message=f"`{served.path}` is reached by {binding.method} and is not `@idempotent`",
                help=("write `@idempotent` before it, or use `POST`",),
                # Clients of the bus will call it again after a lost connection: whoever knows the method decides.
                fixes=(Fix(message="mark it as `@idempotent`", edits=(edit,)),),
            )


RULE = Rule(
    find=get_not_idempotent,
    page=Explanation(
        code="L0136",
        name="get-not-idempotent",
        title="A method behind GET is not marked `@idempotent`.",
        meaning="Whoever sends GET may send it again (RFC 9110, 9.2.2), and browsers and proxies do. So the method can "
        "be repeated; with `@idempotent` clients of the bus know it, too, and call again where a connection "
        "was lost instead of raising `OutcomeUnknown`. If it cannot be repeated, GET is wrong.",
        wrong=example('package shop.v1\n\nservice Orders {\n  rpc total() -> int\n    http GET "/orders/total"\n}'),
        right=example(
            'package shop.v1\n\nservice Orders {\n  @idempotent\n  rpc total() -> int\n    http GET "/orders/total"\n}'
        ),
        remedy="Write `@idempotent`, or choose another HTTP method.",
    ),
)
