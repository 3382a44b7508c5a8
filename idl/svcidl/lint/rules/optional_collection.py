"""An optional list has two ways to be empty, and every reader must ask for both."""

from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.resolve.program import shape


def optional_collection(context: Context) -> Iterator[Problem]:
    """Find fields and parameters that are optional lists, sets or maps."""
    for place in context.fields:
        use = place.field.type
        if use.optional and (kind := shape(context.program, use).kind) in ("list", "set", "map"):
            empty = "{}" if kind == "map" else "[]"
            message = f"{place.noun} `{place.field.name.text}` can be empty in two ways: null, and an empty {kind}"
            yield Problem(span=use.span, message=message, help=(f"give it the default `{empty}` in place of the `?`",))


RULE = Rule(
    find=optional_collection,
    page=Explanation(
        code="L0123",
        name="optional-collection",
        tags=("opt-in",),
        title="A list, set or map is optional.",
        meaning="`list<T>?` is null, empty or filled. Where null and empty mean the same, every reader has to treat "
        "both; where they differ, nothing says how.",
        wrong=selected("optional-collection", "package shop.v1\n\nstruct Order { id: uuid, tags: list<str>? }"),
        right=selected("optional-collection", "package shop.v1\n\nstruct Order { id: uuid, tags: list<str> = [] }"),
        remedy="Use a default in place of the `?`: a field that is missing is then empty.",
    ),
)
