"""The status of an error tells programs what to do; some say nothing, and some belong to the gateway."""

from collections.abc import Iterator
from http import HTTPStatus

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.resolve.constraints import integer_value

_KNOWN = frozenset(status.value for status in HTTPStatus)
_GATEWAY = {
    405: "the gateway answers it where a path does not take a method",
    406: "the gateway answers it where a stream has no acceptable form",
    413: "the gateway answers it where a body is too large",
    414: "the gateway answers it where a target is too long",
    415: "the gateway answers it where a body is not JSON",
    431: "the gateway answers it where headers are too large",
}


def error_status(context: Context) -> Iterator[Problem]:
    """Find errors with the status 500, with one of the gateway's, and with one that HTTP does not have."""
    for _, node in context.declarations:
        if not isinstance(node, nodes.Error):
            continue
        status = integer_value(node.status)
        if status == 500:
            message = f"error `{node.name.text}` has the status of a crash, 500"
            help_ = "use 503 where it will pass, 409 or 422 where the caller can do something"
        elif status in _GATEWAY:
            message, help_ = f"{status} is no status of an error: {_GATEWAY[status]}", "use 400, 409 or 422"
        elif status not in _KNOWN:
            message, help_ = f"HTTP has no status {status}", "use one that has a name: 400, 404, 409, 422, 503"
        else:
            continue
        yield Problem(span=node.status.span, message=message, help=(help_,))


RULE = Rule(
    find=error_status,
    page=Explanation(
        code="L0139",
        name="error-status",
        title="The status of an error says nothing, or the wrong thing.",
        meaning="500 is what callers get when a service crashes: alarms count it, and an error that is declared is "
        "none. 405, 406, 413, 414, 415 and 431 are answered by the gateway before the service is asked. A "
        "number without a meaning in HTTP is treated as 400 or 500 (RFC 9110, 15).",
        wrong=example('package shop.v1\n\nerror PaymentFailed(500) "the bank refused order {id}" { id: uuid }'),
        right=example('package shop.v1\n\nerror PaymentFailed(409) "the bank refused order {id}" { id: uuid }'),
        remedy="404 is for what is not there, 409 for a state that forbids it, 422 for values that make no sense, 503 "
        "for what will pass.",
    ),
)
