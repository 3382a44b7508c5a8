"""A secret that is not marked as such ends up in logs."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Edit, Fix
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context, Place
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.secrets import is_secret
from svcidl.resolve.program import shape


def secret_not_sensitive(context: Context) -> Iterator[Problem]:
    """Find fields and parameters that are named like a secret and lack `@sensitive`."""
    for place in context.fields:
        node = place.field
        if not is_secret(node.name.text) or shape(context.program, node.type).kind not in ("str", "bytes"):
            continue
        if not context.said(node, parameter=place.member is not None).sensitive:
            yield _problem(context, place, node)


def _problem(context: Context, place: Place, node: nodes.Field) -> Problem:
    start = node.name.span.start
    edit = Edit(span=context.source(place.unit).span(start, start), text="@sensitive ")
    return Problem(
        span=node.name.span,
        message=f"{place.noun} `{node.name.text}` looks like a secret and is not `@sensitive`",
        help=("write `@sensitive` before it",),
        fixes=(Fix(message="mark it as `@sensitive`", edits=(edit,), is_safe=True),),
    )


RULE = Rule(
    find=secret_not_sensitive,
    page=Explanation(
        code="L0132",
        name="secret-not-sensitive",
        tags=("fixable",),
        title="What looks like a secret is not marked `@sensitive`.",
        meaning="What is `@sensitive` is masked wherever the runtime shows values: in logs, in `svcgen tail`, in the "
        "text of errors. Passwords, tokens, keys and card numbers belong there. What counts is the name, of "
        "strings and bytes only.",
        wrong=example("package shop.v1\n\nstruct Login { email: str(3..200), password: str(8..200) }"),
        right=example("package shop.v1\n\nstruct Login { email: str(3..200), @sensitive password: str(8..200) }"),
        remedy="Write `@sensitive` before it; `svcgen lint --fix` does.",
    ),
)
