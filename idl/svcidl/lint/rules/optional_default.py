"""With `?` and a default a missing field and a null one mean different things, which is seldom meant."""

from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected


def optional_default(context: Context) -> Iterator[Problem]:
    """Find fields and parameters with both."""
    for place in context.fields:
        node = place.field
        if node.type.optional and node.default is not None:
            message = f"{place.noun} `{node.name.text}` has a default, and null stays null all the same"
            help_ = ("remove the `?`, or the default",)
            yield Problem(span=node.type.span, message=message, help=help_)


RULE = Rule(
    find=optional_default,
    page=Explanation(
        code="L0124",
        name="optional-default",
        tags=("opt-in",),
        title="A field is optional and has a default.",
        meaning='Of `note: str? = "none"` a missing field means the default and an explicit null stays null. Most '
        "readers expect one of the two: that the default also stands in for null, or that a missing field is "
        "null.",
        wrong=selected("optional-default", 'package shop.v1\n\nstruct Order { id: uuid, currency: str? = "EUR" }'),
        right=selected("optional-default", 'package shop.v1\n\nstruct Order { id: uuid, currency: str = "EUR" }'),
        remedy="Remove the `?` where null means nothing, the default where a missing field may be null.",
    ),
)
