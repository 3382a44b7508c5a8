"""URLs are kept in access logs, histories and proxies, which know nothing of secrets."""

from collections.abc import Iterator

from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.lint.secrets import is_secret
from svcidl.model import ParameterSource

_IN_URL = {ParameterSource.PATH: "path", ParameterSource.QUERY: "query"}


def secret_in_url(context: Context) -> Iterator[Problem]:
    """Find sensitive parameters that HTTP takes from the path or the query."""
    for served in context.own_members:
        for taken in served.binding.taken.values() if served.binding is not None else ():
            where = _IN_URL.get(taken.source)
            name = taken.node.name.text
            if where and (is_secret(name) or context.said(taken.node, parameter=True).sensitive):
                message = f"parameter `{name}` is a secret and stands in the {where} of a URL"
                help_ = ('take it from a header, `@header("…")`, or from the body of a `POST`',)
                yield Problem(span=taken.node.name.span, message=message, help=help_)


RULE = Rule(
    find=secret_in_url,
    page=Explanation(
        code="L0133",
        name="secret-in-url",
        title="A secret stands in a URL.",
        meaning="Paths and queries are written to access logs, kept in histories and sent on in `Referer`. A parameter "
        "that is `@sensitive`, or named like a secret, does not belong there. Headers and bodies are not kept.",
        wrong=example(
            """
package shop.v1

service Orders {
  @idempotent
  rpc find(@sensitive email: str(3..200)) -> uuid
    http GET "/orders"
}
"""
        ),
        right=example(
            """
package shop.v1

service Orders {
  @idempotent
  rpc find(@sensitive email: str(3..200)) -> uuid
    http POST "/orders/find"
}
"""
        ),
        remedy="Take it from a header or from the body.",
    ),
)
