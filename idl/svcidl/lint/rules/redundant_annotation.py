"""An annotation that says what holds without it must be kept in step with what it repeats."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context, Served
from svcidl.lint.pieces import without
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.model import Delivery


def redundant_annotation(context: Context) -> Iterator[Problem]:
    """Find `@auth` as on the service, and `@delivery(pool)`."""
    for served in context.own_members:
        said, service = context.said(served.member), context.said(served.service)
        if said.auth is not None and said.auth == service.auth:
            yield from _annotation(served, "auth", "the service says the same for all its members")
        if said.delivery is Delivery.POOL:
            yield from _annotation(served, "delivery", "`pool` is how events are delivered anyway")


def _annotation(served: Served, word: str, message: str) -> Iterator[Problem]:
    node: nodes.Documented = served.member
    for annotation in node.annotations:
        if annotation.name.text == word:
            fixes = without(served.unit.file.source, annotation.span, "remove the annotation")
            yield Problem(span=annotation.span, message=message, help=("remove the annotation",), fixes=fixes)


RULE = Rule(
    find=redundant_annotation,
    page=Explanation(
        code="L0116",
        name="redundant-annotation",
        tags=("opt-in", "fixable"),
        title="An annotation says what holds without it.",
        meaning="`@auth` on a member of a service with the same `@auth`, and `@delivery(pool)`. When the service's "
        "scheme changes, the member that repeated it stays behind.",
        wrong=selected(
            "redundant-annotation",
            """
package shop.v1

@auth("bearer")
service Orders {
  @auth("bearer") @idempotent
  rpc total() -> int
}
""",
        ),
        right=selected(
            "redundant-annotation",
            'package shop.v1\n\n@auth("bearer")\nservice Orders {\n  @idempotent\n  rpc total() -> int\n}',
        ),
        remedy="Leave it out; `svcgen lint --fix` does.",
    ),
)
