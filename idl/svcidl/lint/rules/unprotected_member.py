"""Beside protected members an unprotected one is forgotten, or meant; `@auth(none)` says which."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected


def unprotected_member(context: Context) -> Iterator[Problem]:
    """Find members without `@auth` that HTTP reaches, where anything in the run is protected."""
    protected = [
        served for served in context.members if context.said(served.service).auth or context.said(served.member).auth
    ]
    for served in context.own_members if protected else ():
        member = served.member
        if served.binding is None or not isinstance(member, nodes.Declared):
            continue
        if not context.said(member).auth and not context.said(served.service).auth:
            message = f"`{served.path}` is open to everybody, and `{protected[0].path}` is not"
            help_ = ("protect it with `@auth(…)`, or say that it is open: `@auth(none)`",)
            yield Problem(span=member.name.span, message=message, help=help_)


RULE = Rule(
    find=unprotected_member,
    page=Explanation(
        code="L0134",
        name="unprotected-member",
        tags=("opt-in",),
        title="A member without `@auth` stands among protected ones.",
        meaning="Where a project protects anything, what HTTP reaches without `@auth` is either forgotten or open on "
        "purpose. `@auth(none)` says that it is on purpose.",
        wrong=selected(
            "unprotected-member",
            """
package shop.v1

service Orders {
  @auth("bearer")
  rpc cancel(id: uuid)
    http POST "/cancel"

  @idempotent
  rpc total() -> int
    http GET "/total"
}
""",
        ),
        right=selected(
            "unprotected-member",
            """
package shop.v1

service Orders {
  @auth("bearer")
  rpc cancel(id: uuid)
    http POST "/cancel"

  @auth(none) @idempotent
  rpc total() -> int
    http GET "/total"
}
""",
        ),
        remedy="Write `@auth(…)` on the service or the member, `@auth(none)` where it is open.",
    ),
)
