"""Types become Python classes, whose names are UpperCamelCase; one spelling everywhere makes names guessable."""

from collections.abc import Iterator

from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.words import PASCAL, pascal
from svcidl.resolve.program import KINDS


def type_names(context: Context) -> Iterator[Problem]:
    """Find declarations that are not written as `OrderLine`."""
    for _, node in context.declarations:
        name = node.name.text
        if not PASCAL.fullmatch(name):
            message = f"{KINDS[type(node)]} `{name}` is not in UpperCamelCase"
            yield Problem(span=node.name.span, message=message, help=(f"call it `{pascal(name)}`",))


RULE = Rule(
    find=type_names,
    page=Explanation(
        code="L0104",
        name="type-name",
        title="A declaration is not named in UpperCamelCase.",
        meaning="Aliases, enums, structs, unions, errors, events and services become Python classes, and stand beside "
        "the built-in types, whose names are lower-case. In UpperCamelCase a reader sees at once which is "
        "which.",
        wrong=example("package shop.v1\n\nstruct order_line { sku: str, quantity: int(1..) }"),
        right=example("package shop.v1\n\nstruct OrderLine { sku: str, quantity: int(1..) }"),
        remedy="Rename it. The names of events, errors, services and variants are seen by other programs: where the "
        "contract is in use, suppress the finding instead.",
    ),
)
