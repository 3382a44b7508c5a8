"""Who is called at night stands in the contract, or is searched for then."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected


def missing_owner(context: Context) -> Iterator[Problem]:
    """Find services without `@owner`."""
    for _, node in context.declarations:
        if isinstance(node, nodes.Service) and context.said(node).owner is None:
            message = f"service `{node.name.text}` has no owner"
            yield Problem(span=node.name.span, message=message, help=('write `@owner("team")` before it',))


RULE = Rule(
    find=missing_owner,
    page=Explanation(
        code="L0149",
        name="missing-owner",
        tags=("opt-in",),
        title="A service has no owner.",
        meaning="Where many teams share one bus, the contract is where others look up whom to ask. `@owner` travels "
        "into the model, so that tools can list services by team.",
        wrong=selected("missing-owner", "package shop.v1\n\nservice Orders {\n  @idempotent\n  rpc total() -> int\n}"),
        right=selected(
            "missing-owner",
            'package shop.v1\n\n@owner("checkout")\nservice Orders {\n  @idempotent\n  rpc total() -> int\n}',
        ),
        remedy='Write `@owner("team")` before the service.',
    ),
)
