"""Browsers, crawlers and caches send GET whenever they like: it must not change anything."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context, Served
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.words import words
from svcidl.source import Span

_CHANGES = frozenset(
    words(
        "create add insert update delete remove cancel submit send pay buy approve reject register rename upload reset "
        "replace save write"
    )
)


def unsafe_get(context: Context) -> Iterator[Problem]:
    """Find GET where something is changed or set off."""
    for served in context.own_members:
        if (place := unsafe_method(served)) is not None and served.binding is not None:
            is_job = isinstance(served.member, nodes.Oneway)
            what = "sets off a job" if is_job else "changes something, as its name says"
            message = f"{served.binding.method} of `{served.path}` {what}"
            yield Problem(span=place, message=message, help=("use `POST`, `PUT`, `PATCH` or `DELETE`",))


def unsafe_method(served: Served) -> Span | None:
    """Return where GET or HEAD stands on a job, or on a method that changes something by its name."""
    member, binding = served.member, served.binding
    if binding is None or binding.method not in ("GET", "HEAD"):
        return None
    if isinstance(member, nodes.Route):
        return member.method.span if _changes(member.name) else None
    if isinstance(member, nodes.Rpc | nodes.Oneway) and member.http is not None:
        return member.http.method.span if isinstance(member, nodes.Oneway) or _changes(member.name) else None
    return None


def _changes(name: nodes.Name) -> bool:
    return not _CHANGES.isdisjoint(words(name.text)[:1])


RULE = Rule(
    find=unsafe_get,
    page=Explanation(
        code="L0135",
        name="unsafe-get",
        title="A GET changes something.",
        meaning="GET and HEAD are safe by the definition of HTTP (RFC 9110, 9.2.1): browsers fetch links ahead, "
        "crawlers follow them, caches answer in place of the service. A job (`oneway`), or a method whose name "
        "begins with create, delete, send and the like, does not belong behind them.",
        wrong=example(
            """
package shop.v1

service Orders {
  @idempotent
  rpc delete_all() -> int
    http GET "/orders/delete"
}
"""
        ),
        right=example(
            """
package shop.v1

service Orders {
  @idempotent
  rpc delete_all() -> int
    http DELETE "/orders"
}
"""
        ),
        remedy="Use the method that says what happens: POST creates or sets off, PUT replaces, PATCH changes, DELETE "
        "removes.",
    ),
)
