"""A package is a folder and a Python package: lower-case segments."""

from collections.abc import Iterator

from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.words import SNAKE, snake


def package_names(context: Context) -> Iterator[Problem]:
    """Find packages with a segment that is not in snake_case."""
    for unit in context.units:
        parts = unit.tree.package.parts
        if not all(SNAKE.fullmatch(part.text) for part in parts):
            help_ = (f"call it `{'.'.join(snake(part.text) for part in parts)}`",)
            message = f"package `{unit.package}` is not in lower case"
            yield Problem(span=unit.tree.package.span, message=message, help=help_)


RULE = Rule(
    find=package_names,
    page=Explanation(
        code="L0108",
        name="package-name",
        title="A package is not named in lower case.",
        meaning="`package acme.orders.v1` becomes the folder `acme/orders/v1` and a Python package. File systems "
        "differ in whether case counts, so that two spellings of one name may be one folder here and two "
        "there.",
        wrong=example("package Shop.Orders.v1"),
        right=example("package shop.orders.v1"),
        remedy="Write every segment in lower case, words parted by `_`.",
    ),
)
