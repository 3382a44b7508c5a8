"""An error that says the caller is wrong stays the same however often the call is made."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule
from svcidl.resolve.constraints import integer_value

_LASTING = {
    400: "the request is wrong",
    401: "who calls is unknown",
    403: "the caller may not",
    410: "it is gone for ever",
    422: "the values make no sense",
    451: "the law forbids it",
    501: "there is no such function",
}


def pointless_retry(context: Context) -> Iterator[Problem]:
    """Find `@retryable` on errors whose status says that the same request fails again."""
    for _, node in context.declarations:
        if isinstance(node, nodes.Error) and context.said(node).retryable:
            status = integer_value(node.status)
            if status in _LASTING:
                message = f"`{node.name.text}` is `@retryable`, but {status} says: {_LASTING[status]}"
                help_ = ("remove `@retryable`, or use 409, 429 or 503",)
                span = next(each.span for each in node.annotations if each.name.text == "retryable")
                yield Problem(span=span, message=message, help=help_)


RULE = Rule(
    find=pointless_retry,
    page=Explanation(
        code="L0140",
        name="pointless-retry",
        title="An error is `@retryable` although its status says that it lasts.",
        meaning="`@retryable` tells callers that the same request may succeed later. 400, 401, 403, 410, 422, 451 and "
        "501 tell them that it will not. One of the two is wrong, and callers that believe the first one send "
        "what is refused again and again.",
        wrong=example(
            'package shop.v1\n\n@retryable error NoSuchCoupon(422) "there is no coupon {code}" { code: str }'
        ),
        right=example('package shop.v1\n\nerror NoSuchCoupon(422) "there is no coupon {code}" { code: str }'),
        remedy="Remove `@retryable`, or choose a status that passes: 409, 429, 503.",
    ),
)
