"""A deprecation that names no replacement leaves its readers with a warning and no way out."""

import re
from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.resolve import walk

_SAYS_WHAT_TO_DO = re.compile(
    r"`|\b(?:use|uses|instead|see|replaced|call|remove|removed|no longer|without replacement)\b", re.IGNORECASE
)


def deprecated_without_replacement(context: Context) -> Iterator[Problem]:
    """Find deprecations whose text says neither what to use nor that there is nothing."""
    for _, node in context.declarations:
        for documented in _documented(node):
            for annotation in documented.annotations:
                value = annotation.arguments[0].value if annotation.arguments else None
                is_vague = isinstance(value, nodes.String) and not _SAYS_WHAT_TO_DO.search(value.value)
                if annotation.name.text == "deprecated" and is_vague:
                    message = "this deprecation does not say what to use instead"
                    help_ = ("write `use …`, or `no longer needed`",)
                    yield Problem(span=annotation.span, message=message, help=help_)


def _documented(node: nodes.Declaration) -> Iterator[nodes.Documented]:
    yield node
    if isinstance(node, nodes.Enum):
        yield from node.values
    elif isinstance(node, nodes.Struct | nodes.Error | nodes.Event):
        yield from node.fields
    elif isinstance(node, nodes.Service):
        for member in node.members:
            yield member
            yield from walk.parameters(member)


RULE = Rule(
    find=deprecated_without_replacement,
    page=Explanation(
        code="L0146",
        name="deprecated-without-replacement",
        tags=("opt-in",),
        title="A deprecation does not say what to use instead.",
        meaning="The text of `@deprecated` is what callers see when their code uses it. What they need there is the "
        "way out: a name in backquotes, `use …`, or that there is nothing and nothing is needed.",
        wrong=selected(
            "deprecated-without-replacement",
            'package shop.v1\n\nstruct Order {\n  id: uuid\n  @deprecated("old") number: int?\n}',
        ),
        right=selected(
            "deprecated-without-replacement",
            'package shop.v1\n\nstruct Order {\n  id: uuid\n  @deprecated("use `id`") number: int?\n}',
        ),
        remedy="Say what to use, or that it is no longer needed.",
    ),
)
