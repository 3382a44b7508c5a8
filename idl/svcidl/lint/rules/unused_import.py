"""An import that nothing uses says that this file depends on another one, which it does not."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.pieces import without, without_item
from svcidl.lint.rule import Problem, Rule, replacement
from svcidl.resolve import walk
from svcidl.source import SourceFile


def unused_import(context: Context) -> Iterator[Problem]:
    """Find imports, and names in the braces of imports, that the file does not use."""
    for unit in context.units:
        used = set(_used(unit.tree)) if unit.tree.imports else frozenset[str]()
        for statement in unit.tree.imports:
            if isinstance(statement, nodes.ImportAs):
                if statement.name.text not in used:
                    yield _whole(context.source(unit), statement, f"import `{statement.name.text}` is not used")
            else:
                yield from _picks(context.source(unit), statement, used)


def _picks(source: SourceFile, statement: nodes.ImportNames, used: "set[str] | frozenset[str]") -> Iterator[Problem]:
    idle = [number for number, pick in enumerate(statement.picks) if pick.name.text not in used]
    if len(idle) == len(statement.picks):
        names = ", ".join(f"`{pick.name.text}`" for pick in statement.picks)
        yield _whole(source, statement, f"import of {names} is not used")
        return
    spans = [pick.span for pick in statement.picks]
    for number in idle:
        fixes = replacement("remove the name", without_item(source, spans, number), "", is_safe=True)
        message = f"import of `{statement.picks[number].name.text}` is not used"
        yield Problem(span=spans[number], message=message, help=("remove the name",), fixes=fixes)


def _whole(source: SourceFile, statement: nodes.Import, message: str) -> Problem:
    fixes = without(source, statement.span, "remove the import")
    return Problem(span=statement.span, message=message, help=("remove the import",), fixes=fixes)


def _used(tree: nodes.File) -> Iterator[str]:
    """Yield the first name of every reference."""
    for use in walk.all_types(tree):
        yield use.ref.parts[0].text
    for node in tree.declarations:
        if isinstance(node, nodes.Union):
            yield from (variant.parts[0].text for variant in node.variants)
        elif isinstance(node, nodes.Service):
            for member in node.members:
                yield from (ref.parts[0].text for ref in walk.named(member))


RULE = Rule(
    find=unused_import,
    page=Explanation(
        code="L0112",
        name="unused-import",
        tags=("fixable",),
        title="An import is not used.",
        meaning="An import makes this file depend on another one: it must be found, read and be without mistakes. A "
        "reader takes it for a fact about the contract. Names in braces are told one by one.",
        wrong=example(
            """
// orders.idl
package shop.orders.v1

import "common.idl" { Money, Sku }

struct Line { sku: Sku }
""",
            """
// common.idl
package shop.common.v1

alias Sku = str(1..40)
alias Money = decimal(12, 2)
""",
        ),
        right=example(
            """
// orders.idl
package shop.orders.v1

import "common.idl" { Sku }

struct Line { sku: Sku }
""",
            """
// common.idl
package shop.common.v1

alias Sku = str(1..40)
alias Money = decimal(12, 2)
""",
        ),
        remedy="Remove it; `svcgen lint --fix` does.",
    ),
)
