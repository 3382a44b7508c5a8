"""A value is always read with its enum, so that the enum's name in it is said twice."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.lint.words import words


def value_repeats_enum(context: Context) -> Iterator[Problem]:
    """Find values that begin with the name of their enum."""
    for _, node in context.declarations:
        if isinstance(node, nodes.Enum):
            own = words(node.name.text)
            for value in node.values:
                said = words(value.name.text)
                if said[: len(own)] == own and len(said) > len(own):
                    shorter = "_".join(said[len(own) :])
                    message = f"value `{value.name.text}` repeats the name of `{node.name.text}`"
                    yield Problem(span=value.name.span, message=message, help=(f"call it `{shorter}`",))


RULE = Rule(
    find=value_repeats_enum,
    page=Explanation(
        code="L0111",
        name="value-repeats-enum",
        tags=("opt-in",),
        title="A value of an enum begins with the enum's name.",
        meaning="Values have a scope of their own: in Python one reads `OrderStatus.PLACED`. The prefix that protobuf "
        "and C need only makes it `OrderStatus.ORDER_STATUS_PLACED`.",
        wrong=selected(
            "value-repeats-enum", "package shop.v1\n\nenum OrderStatus { order_status_placed, order_status_paid }"
        ),
        right=selected("value-repeats-enum", "package shop.v1\n\nenum OrderStatus { placed, paid }"),
        remedy="Leave the prefix out; where the contract is in use keep the wire value: `placed = "
        '"order_status_placed"`.',
    ),
)
