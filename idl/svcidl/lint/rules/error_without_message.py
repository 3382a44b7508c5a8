"""An error without a message is shown to people as its name."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected


def error_without_message(context: Context) -> Iterator[Problem]:
    """Find errors without a template."""
    for _, node in context.declarations:
        if isinstance(node, nodes.Error) and node.template is None:
            message = f"error `{node.name.text}` has no message"
            help_ = ('write one behind the status: `error E(404) "there is no order {id}"`',)
            yield Problem(span=node.name.span, message=message, help=help_)


RULE = Rule(
    find=error_without_message,
    page=Explanation(
        code="L0150",
        name="error-without-message",
        tags=("opt-in",),
        title="An error has no message.",
        meaning="The template makes the text of the exception, of the answer by HTTP, and of the log line. Without one "
        "there is only the name, and the values of the fields are missing where they are needed.",
        wrong=selected("error-without-message", "package shop.v1\n\nerror OrderNotFound(404) { id: uuid }"),
        right=selected(
            "error-without-message", 'package shop.v1\n\nerror OrderNotFound(404) "there is no order {id}" { id: uuid }'
        ),
        remedy="Write a sentence with the fields in braces.",
    ),
)
