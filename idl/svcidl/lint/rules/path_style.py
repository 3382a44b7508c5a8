"""Paths are typed by people and compared by case: one style for all of them."""

import re
from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.lint.words import snake

_OTHER = re.compile(r"[A-Z_]")


def path_style(context: Context) -> Iterator[Problem]:
    """Find literal segments with capitals or underscores."""
    for served in context.own_members:
        binding = served.binding
        for part in binding.parts or () if binding is not None else ():
            literal = part.prefix + part.suffix
            if binding is not None and _OTHER.search(literal):
                message = f"segment `{literal}` of the path is not in lower-case-with-hyphens"
                help_ = (f"write `{snake(literal).replace('_', '-')}`",)
                yield Problem(span=binding.path.span, message=message, help=help_)


RULE = Rule(
    find=path_style,
    page=Explanation(
        code="L0138",
        name="path-style",
        tags=("opt-in",),
        title="A path is not written in lower-case-with-hyphens.",
        meaning="Paths are compared by case, and an underscore disappears under the line of a link. Most public "
        "interfaces write `/line-items`. Names of parameters do not count, for nobody types them.",
        wrong=selected(
            "path-style",
            """
package shop.v1

service Orders {
  @idempotent
  rpc items(id: uuid) -> int
    http GET "/lineItems/{id}"
}
""",
        ),
        right=selected(
            "path-style",
            """
package shop.v1

service Orders {
  @idempotent
  rpc items(id: uuid) -> int
    http GET "/line-items/{id}"
}
""",
        ),
        remedy="Write it in lower case with hyphens; a path that is in use stays reachable through a second member.",
    ),
)
