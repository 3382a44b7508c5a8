"""Fields and parameters become Python attributes and JSON keys as they are written: snake_case."""

from collections.abc import Iterator

from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.words import SNAKE, snake


def field_names(context: Context) -> Iterator[Problem]:
    """Find fields and parameters that are not written as `unit_price`."""
    for place in context.fields:
        name = place.field.name.text
        # A trailing underscore is how Python writes a name that it has taken already.
        if not SNAKE.fullmatch(name.removesuffix("_")):
            message = f"{place.noun} `{name}` of `{place.owner}` is not in snake_case"
            yield Problem(span=place.field.name.span, message=message, help=(f"call it `{snake(name)}`",))


RULE = Rule(
    find=field_names,
    page=Explanation(
        code="L0105",
        name="field-name",
        title="A field or parameter is not named in snake_case.",
        meaning="The name of a field is the key in JSON and the attribute in Python; that of a parameter also a query "
        "key. One spelling for all of them is one thing less to look up.",
        wrong=example("package shop.v1\n\nstruct Line { sku: str, unitPrice: decimal(12, 2) }"),
        right=example("package shop.v1\n\nstruct Line { sku: str, unit_price: decimal(12, 2) }"),
        remedy="Rename it, where the contract is in use with `@renamed`, so that readers take both names.",
    ),
)
