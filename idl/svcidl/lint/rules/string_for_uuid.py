"""What is called a UUID and typed as a string is checked by nobody."""

from collections.abc import Iterator

from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, replacement
from svcidl.lint.words import words
from svcidl.resolve import walk
from svcidl.resolve.program import builtin


def string_for_uuid(context: Context) -> Iterator[Problem]:
    """Find strings in what is named a UUID."""
    for place in context.fields:
        if words(place.field.name.text)[-1:] not in (("uuid",), ("guid",), ("uuids",), ("guids",)):
            continue
        for use in walk.nested(place.field.type):
            if builtin(use) == "str":
                message = f"{place.noun} `{place.field.name.text}` holds a UUID in a string"
                fixes = replacement("use `uuid`", use.span, "uuid?" if use.optional else "uuid")
                yield Problem(span=use.span, message=message, help=("use `uuid`",), fixes=fixes)


RULE = Rule(
    find=string_for_uuid,
    page=Explanation(
        code="L0119",
        name="string-for-uuid",
        title="A UUID is a string.",
        meaning="`uuid` is checked, is `uuid.UUID` in Python, and has one form on the wire. In strings the same UUID "
        "is written in upper and lower case, with braces and without, and compares as different. What counts "
        "is the name: `uuid`, `…_uuid`, `guid`.",
        wrong=example("package shop.v1\n\nstruct Order { order_uuid: str, note: str }"),
        right=example("package shop.v1\n\nstruct Order { order_uuid: uuid, note: str }"),
        remedy="Use `uuid`.",
    ),
)
