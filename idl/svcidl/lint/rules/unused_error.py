"""An error that no method throws is a promise that callers handle in vain."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule


def unused_error(context: Context) -> Iterator[Problem]:
    """Find errors that no rpc of the run throws."""
    thrown = {
        context.program.targets.get(ref)
        for served in context.members
        if isinstance(served.member, nodes.Rpc)
        for ref in served.member.throws
    }
    # Routes and sockets answer with errors as well, but their contract names none.
    silent = {served.unit for served in context.members if isinstance(served.member, nodes.Route | nodes.Socket)}
    for unit in context.units:
        if context.is_complete(unit) and unit not in silent:
            for symbol in unit.symbols.values():
                if isinstance(symbol.node, nodes.Error) and symbol not in thrown:
                    message = f"error `{symbol.name}` is thrown by no rpc"
                    help_ = ("remove it, or add it to the `throws` of the method that raises it",)
                    yield Problem(span=symbol.node.name.span, message=message, help=help_)


RULE = Rule(
    find=unused_error,
    page=Explanation(
        code="L0114",
        name="unused-error",
        title="An error is thrown by no method.",
        meaning="Only an error in the `throws` of a method reaches its callers with type and fields; raised without "
        "it, it arrives as a general remote error. An error that no method of the files given names is "
        "forgotten in one place or superfluous in the other. Files with routes or sockets are left alone, for "
        "these raise errors without a `throws`.",
        wrong=example(
            """
package shop.v1

error OrderNotFound(404) "there is no order {id}" { id: uuid }

service Orders {
  @idempotent
  rpc total(id: uuid) -> int
}
"""
        ),
        right=example(
            """
package shop.v1

error OrderNotFound(404) "there is no order {id}" { id: uuid }

service Orders {
  @idempotent
  rpc total(id: uuid) -> int throws OrderNotFound
}
"""
        ),
        remedy="Add it to `throws`, or remove it.",
    ),
)
