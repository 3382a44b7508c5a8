"""A service of fifty methods has several jobs, and is deployed, owned and broken as one."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected

_MOST = 30


def large_service(context: Context) -> Iterator[Problem]:
    """Find services with more members than fit on a screen."""
    for _, node in context.declarations:
        if isinstance(node, nodes.Service):
            count = sum(not isinstance(member, nodes.Publishes | nodes.Use) for member in node.members)
            if count > _MOST:
                message = f"service `{node.name.text}` has {count} members, more than {_MOST}"
                yield Problem(span=node.name.span, message=message, help=("part it by what it is about",))


def _service(count: int) -> str:
    members = "\n".join(f"  rpc part_{number}()" for number in range(1, count + 1))
    return f"package shop.v1\n\nservice Orders {{\n{members}\n}}"


RULE = Rule(
    find=large_service,
    page=Explanation(
        code="L0151",
        name="large-service",
        tags=("opt-in",),
        title="A service has more than 30 members.",
        meaning="All members of a service run in one process, share its load and its limits, and belong to one team. "
        "Beyond some thirty there are usually two things in it that could change apart.",
        wrong=selected("large-service", _service(_MOST + 1)),
        right=selected("large-service", _service(3)),
        remedy="Part it into services by what they are about; one process may run several.",
    ),
)
