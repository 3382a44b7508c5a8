"""A list that grows with the data outgrows the message that carries it."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.lint.words import words
from svcidl.resolve.constraints import read_constraints
from svcidl.resolve.program import shape

_PAGES = frozenset(words("limit page cursor offset after before count size first last top since until token"))


def unpaginated_list(context: Context) -> Iterator[Problem]:
    """Find methods that return a list without a bound, and take nothing that parts it."""
    for served in context.own_members:
        member = served.member
        if not isinstance(member, nodes.Rpc) or member.result is None or member.stream:
            continue
        found = shape(context.program, member.result)
        if found.kind not in ("list", "set", "map"):
            continue
        length = read_constraints(found.kind, found.use).length
        is_parted = any(_PAGES.intersection(words(parameter.name.text)) for parameter in member.parameters)
        if (length is None or length.high is None) and not is_parted:
            message = f"`{served.path}` returns a {found.kind} of any length at once"
            help_ = ("take a `limit`, give the result a bound, or return a `stream`",)
            yield Problem(span=member.result.span, message=message, help=help_)


RULE = Rule(
    find=unpaginated_list,
    page=Explanation(
        code="L0131",
        name="unpaginated-list",
        tags=("opt-in",),
        title="A method returns a list of any length at once.",
        meaning="It works as long as there is little data. A `limit`, a cursor, or a `stream` whose reader sets the "
        "pace, can be added later only by breaking callers, who rely on getting everything.",
        wrong=selected(
            "unpaginated-list", "package shop.v1\n\nservice Orders {\n  @idempotent\n  rpc search() -> list<uuid>\n}"
        ),
        right=selected(
            "unpaginated-list",
            """
package shop.v1

service Orders {
  @idempotent
  rpc search(limit: int(1..100) = 20) -> list<uuid>
}
""",
        ),
        remedy="Take a `limit` and where to go on, bound the result, or return `stream T`.",
    ),
)
