"""A negation that can be false is read twice: `no_email: false`."""

from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.lint.words import words
from svcidl.resolve.program import shape

_NEGATIONS = frozenset(words("not no non without disable disabled skip exclude never dont"))
_AUXILIARIES = frozenset(words("is has should can do does was"))


def negated_boolean(context: Context) -> Iterator[Problem]:
    """Find booleans whose name begins with a negation."""
    for place in context.fields:
        said = words(place.field.name.text)
        first = said[1:2] if said[:1] and said[0] in _AUXILIARIES else said[:1]
        if (
            len(said) > 1
            and first
            and first[0] in _NEGATIONS
            and shape(context.program, place.field.type).kind == "bool"
        ):
            message = f"{place.noun} `{place.field.name.text}` negates: `false` means that something is"
            yield Problem(
                span=place.field.name.span, message=message, help=("name what is true, and turn the default round",)
            )


RULE = Rule(
    find=negated_boolean,
    page=Explanation(
        code="L0128",
        name="negated-boolean",
        tags=("opt-in",),
        title="The name of a boolean is a negation.",
        meaning="`disable_cache: false` and `if not options.no_email` are double negations, which are misread.",
        wrong=selected("negated-boolean", "package shop.v1\n\nstruct Options { no_email: bool = false, retries: int }"),
        right=selected("negated-boolean", "package shop.v1\n\nstruct Options { email: bool = true, retries: int }"),
        remedy="Name what is true.",
    ),
)
