"""A choice of one is none."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected


def single_choice(context: Context) -> Iterator[Problem]:
    """Find enums of one value and unions of one variant."""
    for _, node in context.declarations:
        if isinstance(node, nodes.Enum) and len(node.values) == 1:
            message = f"enum `{node.name.text}` has only one value"
            yield Problem(span=node.name.span, message=message, help=("add the others, or use a `bool`",))
        elif isinstance(node, nodes.Union) and len(node.variants) == 1:
            message = f"union `{node.name.text}` has only one variant"
            help_ = (f"use `{node.variants[0].text}` itself, or add the others",)
            yield Problem(span=node.name.span, message=message, help=help_)


RULE = Rule(
    find=single_choice,
    page=Explanation(
        code="L0125",
        name="single-choice",
        tags=("opt-in",),
        title="An enum has one value, or a union one variant.",
        meaning="It says nothing, and every reader must look for the others. Where more are going to come it is right: "
        "readers of open enums and unions are ready for them.",
        wrong=selected("single-choice", "package shop.v1\n\nstruct Card { last4: str(4) }\nunion Payment = Card"),
        right=selected(
            "single-choice",
            "package shop.v1\n\nstruct Card { last4: str(4) }\nstruct Cash {}\nunion Payment = Card | Cash",
        ),
        remedy="Use the one thing itself, or add what is missing.",
    ),
)
