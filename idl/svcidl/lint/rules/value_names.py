"""The values of one enum are spelt one way: snake_case, or UPPER_CASE where they are codes as EUR and FR."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.words import SNAKE, UPPER_SNAKE, snake


def value_names(context: Context) -> Iterator[Problem]:
    """Find values of mixed case, and lower-case values among upper-case ones."""
    for _, node in context.declarations:
        if isinstance(node, nodes.Enum) and node.values:
            is_upper = all(UPPER_SNAKE.fullmatch(value.name.text) for value in node.values)
            for value in () if is_upper else node.values:
                name = value.name.text
                if not SNAKE.fullmatch(name.removesuffix("_")):
                    message = f"value `{name}` of `{node.name.text}` is not in snake_case"
                    yield Problem(span=value.name.span, message=message, help=(f"call it `{snake(name)}`",))


RULE = Rule(
    find=value_names,
    page=Explanation(
        code="L0106",
        name="value-name",
        title="The values of an enum are not named in snake_case.",
        meaning="Values are written in snake_case, as fields are; Python's members are upper-case by themselves. Codes "
        "that the world writes in capitals, as currencies, may all be upper-case. What is neither, or both in "
        "one enum, is found.",
        wrong=example("package shop.v1\n\nenum OrderStatus { placed, InTransit, delivered }"),
        right=example("package shop.v1\n\nenum OrderStatus { placed, in_transit, delivered }"),
        remedy='Rename it; where the contract is in use keep the wire value: `in_transit = "InTransit"`.',
    ),
)
