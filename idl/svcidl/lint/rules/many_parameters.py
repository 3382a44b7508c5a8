"""A method of ten parameters wants a struct, which has a name, documentation and a place to grow."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected

_MOST = 8


def many_parameters(context: Context) -> Iterator[Problem]:
    """Find rpc and oneway methods with many parameters."""
    for served in context.own_members:
        member = served.member
        if isinstance(member, nodes.Rpc | nodes.Oneway) and len(member.parameters) > _MOST:
            message = f"`{served.path}` has {len(member.parameters)} parameters, more than {_MOST}"
            yield Problem(
                span=member.name.span, message=message, help=("put those that belong together into a struct",)
            )


def _method(count: int) -> str:
    parameters = ", ".join(f"p{number}: int" for number in range(1, count + 1))
    return f"package shop.v1\n\nservice Orders {{\n  rpc place({parameters})\n}}"


RULE = Rule(
    find=many_parameters,
    page=Explanation(
        code="L0152",
        name="many-parameters",
        tags=("opt-in",),
        title="A method has more than eight parameters.",
        meaning="What is passed together usually is one thing: a draft, a filter, an address. As a struct it has a "
        "name, can be built in one place, and used by other methods.",
        wrong=selected("many-parameters", _method(_MOST + 1)),
        right=selected(
            "many-parameters",
            "package shop.v1\n\nstruct Draft { p1: int, p2: int }\n\nservice Orders {\n  rpc place(draft: Draft)\n}",
        ),
        remedy="Declare a struct for what belongs together.",
    ),
)
