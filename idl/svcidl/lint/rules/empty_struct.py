"""A struct without fields carries nothing; only as a variant its name is what it says."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.resolve.program import variants


def empty_struct(context: Context) -> Iterator[Problem]:
    """Find structs without fields that are variants of no union."""
    tagged = variants(context.program)
    for unit in context.units:
        for symbol in unit.symbols.values():
            if isinstance(symbol.node, nodes.Struct) and not symbol.node.fields and symbol not in tagged:
                message = f"struct `{symbol.name}` has no fields and is a variant of no union"
                yield Problem(span=symbol.node.name.span, message=message, help=("remove it, or give it fields",))


RULE = Rule(
    find=empty_struct,
    page=Explanation(
        code="L0126",
        name="empty-struct",
        tags=("opt-in",),
        title="A struct has no fields and is no variant.",
        meaning="A method that returns nothing needs no struct for it, and takes no empty one either: parameters and "
        "results may be added later as they are needed. As a variant of a union an empty struct is right, for "
        "its tag says something.",
        wrong=selected(
            "empty-struct", "package shop.v1\n\nstruct Done {}\n\nservice Orders {\n  rpc cancel(id: uuid) -> Done\n}"
        ),
        right=selected("empty-struct", "package shop.v1\n\nservice Orders {\n  rpc cancel(id: uuid)\n}"),
        remedy="Leave it out.",
    ),
)
