"""`?` stands on fields, parameters, items, map values and results; not on aliases or `any`, never twice."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.program import Program, shape


def optional_types(program: Program) -> Iterator[Diagnostic]:
    """Report a `?` that is one too many or has no meaning."""
    for unit in program.units:
        aliases = {node.type for node in unit.tree.declarations if isinstance(node, nodes.Alias)}
        for use in walk.all_types(unit.tree):
            if not use.optional:
                continue
            if use in aliases:
                help_ = "put the `?` where the alias is used"
                yield _problem("an alias cannot be optional", use, 0, help_)
            elif shape(program, use).kind == "any":
                yield _problem("`any` cannot be optional: it holds null already", use, 0, "remove the `?`")
            elif len(use.optional) > 1:
                yield _problem("a type is optional once", use, 1, "remove this `?`")


def _problem(message: str, use: nodes.TypeUse, mark: int, help_: str) -> Diagnostic:
    return Diagnostic(code="E0303", message=message, span=use.optional[mark], help=(help_,))
