"""A time in a string has as many forms as it has writers, and no time zone."""

from collections.abc import Iterator

from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, replacement
from svcidl.lint.words import words
from svcidl.resolve import walk
from svcidl.resolve.program import builtin

_LAST_WORDS = {
    "timestamp": "timestamp",
    "datetime": "timestamp",
    "date": "date",
    "birthday": "date",
    "birthdate": "date",
    "duration": "duration",
}
_BEFORE_AT = frozenset(
    words("starts ends begins expires due sent paid made seen read left born begun done won lost kept")
)
_PLACES = frozenset(words("located situated based stored"))


def string_for_time(context: Context) -> Iterator[Problem]:
    """Find strings in what is named like a moment, a day or a duration."""
    for place in context.fields:
        wanted = _wanted(words(place.field.name.text))
        if wanted is None:
            continue
        for use in walk.nested(place.field.type):
            if builtin(use) == "str":
                message = f"{place.noun} `{place.field.name.text}` holds a {wanted} in a string"
                fixes = replacement(f"use `{wanted}`", use.ref.span, wanted) if use.constraints is None else ()
                yield Problem(span=use.span, message=message, help=(f"use `{wanted}`",), fixes=fixes)


def _wanted(said: tuple[str, ...]) -> str | None:
    """Return the type that a name asks for, None for a name that is not about time."""
    if not said:
        return None
    if said[-1] == "at" and len(said) > 1:
        before = said[-2]
        is_moment = before in _BEFORE_AT or (before.endswith("ed") and before not in _PLACES)
        return "timestamp" if is_moment else None
    return _LAST_WORDS.get(said[-1])


RULE = Rule(
    find=string_for_time,
    page=Explanation(
        code="L0118",
        name="string-for-time",
        title="A time is a string.",
        meaning="`timestamp`, `date` and `duration` are checked, are `datetime` and the like in Python, and travel in "
        "one form, a timestamp always with its zone. A string is whatever its writer made of it. What counts "
        "is the name: `…_at` behind a participle, `…_date`, `…_timestamp`, `…_duration`.",
        wrong=example("package shop.v1\n\nstruct Order { id: uuid, created_at: str }"),
        right=example("package shop.v1\n\nstruct Order { id: uuid, created_at: timestamp }"),
        remedy="Use the type of its own.",
    ),
)
