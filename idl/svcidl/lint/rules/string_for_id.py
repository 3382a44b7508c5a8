"""An identifier without a form is any text: the empty one, a blank, a megabyte."""

from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, replacement, selected
from svcidl.lint.words import words
from svcidl.resolve import walk
from svcidl.resolve.program import builtin


def string_for_id(context: Context) -> Iterator[Problem]:
    """Find strings without any constraint that are named `id` or `…_id`."""
    for place in context.fields:
        if words(place.field.name.text)[-1:] not in (("id",), ("ids",)):
            continue
        for use in walk.nested(place.field.type):
            if builtin(use) == "str" and use.constraints is None:
                message = f"{place.noun} `{place.field.name.text}` is an identifier of any form and length"
                help_ = ("use `uuid`, or say the form: `str(1..40)`",)
                yield Problem(
                    span=use.span, message=message, help=help_, fixes=replacement("use `uuid`", use.ref.span, "uuid")
                )


RULE = Rule(
    find=string_for_id,
    page=Explanation(
        code="L0120",
        name="string-for-id",
        tags=("opt-in",),
        title="An identifier is a string without a form.",
        meaning="Of a field `id` or `…_id` that is a plain `str` no reader learns what it looks like, and the service "
        "must refuse the empty one, and the one with a slash in it, by hand.",
        wrong=selected("string-for-id", "package shop.v1\n\nstruct Order { id: str, customer_id: uuid }"),
        right=selected("string-for-id", "package shop.v1\n\nstruct Order { id: str(8..12), customer_id: uuid }"),
        remedy='Use `uuid`, or a length and a pattern: `str(1..40, pattern: "^[A-Z0-9-]+$")`, best in an alias.',
    ),
)
