"""A type that nothing leads to is compiled, documented and kept compatible for nobody."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.reach import reach
from svcidl.lint.rule import Problem, Rule
from svcidl.resolve import walk
from svcidl.resolve.program import TYPE_KINDS


def unused_type(context: Context) -> Iterator[Problem]:
    """Find types that no service, event or error of the run leads to."""
    program = context.program
    roots = [
        (use, "")
        for unit in program.units
        for node in unit.tree.declarations
        if isinstance(node, nodes.Service | nodes.Event | nodes.Error)
        for use in walk.own_types(node)
    ]
    used = reach(program, roots).symbols
    for unit in context.units:
        if context.is_complete(unit):
            for symbol in unit.symbols.values():
                if symbol.kind in TYPE_KINDS and symbol not in used:
                    message = f"{symbol.kind} `{symbol.name}` is not used"
                    help_ = ("remove it",)
                    yield Problem(span=symbol.node.name.span, message=message, help=help_)


RULE = Rule(
    find=unused_type,
    page=Explanation(
        code="L0113",
        name="unused-type",
        title="A type is not used.",
        meaning="No service, event or error of the files given leads to this type. It is generated, documented and "
        "compared by `svcgen breaking` all the same. A file without services that no other file of the run "
        "imports is left alone: it may be made for others. So that every use is seen, give all files of a "
        "project at once.",
        wrong=example(
            """
package shop.v1

struct Order { id: uuid }
struct Basket { id: uuid }

service Orders {
  @idempotent
  rpc get(id: uuid) -> Order
}
"""
        ),
        right=example(
            """
package shop.v1

struct Order { id: uuid }

service Orders {
  @idempotent
  rpc get(id: uuid) -> Order
}
"""
        ),
        remedy="Remove it, or use it.",
    ),
)
