"""A duration in a number is told apart by its name alone: seconds here, milliseconds there."""

from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.lint.words import words
from svcidl.resolve import walk
from svcidl.resolve.program import builtin

_UNITS = frozenset(words("ms millis milliseconds seconds secs minutes hours days"))
_DURATIONS = frozenset(words("timeout ttl interval delay duration lifetime period"))


def number_for_duration(context: Context) -> Iterator[Problem]:
    """Find numbers that are named like a duration."""
    for place in context.fields:
        said = words(place.field.name.text)
        if not said or (said[-1] not in _DURATIONS and not (len(said) > 1 and said[-1] in _UNITS)):
            continue
        for use in walk.nested(place.field.type):
            if builtin(use) in ("int", "float"):
                message = f"{place.noun} `{place.field.name.text}` holds a duration in a number"
                yield Problem(span=use.span, message=message, help=("use `duration`",))


RULE = Rule(
    find=number_for_duration,
    page=Explanation(
        code="L0121",
        name="number-for-duration",
        tags=("opt-in",),
        title="A duration is a number.",
        meaning="A `duration` is a `timedelta` in Python and ISO 8601 on the wire, with its unit. In a number the unit "
        "stands in the name at best (`timeout_ms`), and a factor of a thousand is easily missed.",
        wrong=selected("number-for-duration", "package shop.v1\n\nstruct Settings { retries: int, timeout_ms: int }"),
        right=selected("number-for-duration", "package shop.v1\n\nstruct Settings { retries: int, timeout: duration }"),
        remedy="Use `duration`, and leave the unit out of the name.",
    ),
)
