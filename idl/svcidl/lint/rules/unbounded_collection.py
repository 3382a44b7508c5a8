"""A list without a bound lets one caller make the service hold a million items."""

from collections.abc import Iterator

from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.resolve.constraints import read_constraints
from svcidl.resolve.program import BUILTIN_CONTAINERS, builtin


def unbounded_collection(context: Context) -> Iterator[Problem]:
    """Find lists, sets and maps without an upper bound that a caller can send."""
    own = {unit.file.source.path for unit in context.units}
    for use, origin in context.requests.uses.items():
        kind = builtin(use)
        if kind in BUILTIN_CONTAINERS and use.span.file in own:
            length = read_constraints(kind, use).length
            if length is None or length.high is None:
                yield Problem(
                    span=use.span,
                    message=f"callers of `{origin}` may send a {kind} of any length",
                    help=(f"give it an upper bound: `{use.ref.text}<…>(..100)`",),
                )


RULE = Rule(
    find=unbounded_collection,
    page=Explanation(
        code="L0129",
        name="unbounded-collection",
        title="A request holds a list without an upper bound.",
        meaning="What a caller sends is read whole before the service sees it. A bound in the contract is checked "
        "before that, tells callers how much they may send, and is in the reference. Lists, sets and maps "
        "count, in parameters, in what sockets receive, and in all that these lead to.",
        wrong=example("package shop.v1\n\nservice Orders {\n  rpc place(skus: list<str>) -> int\n}"),
        right=example("package shop.v1\n\nservice Orders {\n  rpc place(skus: list<str>(1..100)) -> int\n}"),
        remedy="Give it a bound: `list<T>(..100)`. For more there are several calls, or a `route`.",
    ),
)
