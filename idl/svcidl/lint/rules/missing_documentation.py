"""The contract is all that another team sees: what it does not say is asked, or guessed."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.resolve.program import KINDS


def missing_documentation(context: Context) -> Iterator[Problem]:
    """Find packages, declarations and members without documentation."""
    for unit in context.units:
        if not unit.tree.doc:
            yield _problem(unit.tree.package, f"package `{unit.package}`")
    for _, node in context.declarations:
        if not node.doc:
            yield _problem(node.name, f"{KINDS[type(node)]} `{node.name.text}`")
    for served in context.own_members:
        member = served.member
        if not member.doc and not isinstance(member, nodes.Publishes | nodes.Use):
            yield _problem(member.name, f"`{served.path}`")


def _problem(node: nodes.Node, what: str) -> Problem:
    help_ = ("write `/// …` above it: what it is for, and what its user must know",)
    return Problem(span=node.span, message=f"{what} has no documentation", help=help_)


RULE = Rule(
    find=missing_documentation,
    page=Explanation(
        code="L0147",
        name="missing-documentation",
        tags=("opt-in",),
        title="A package, a declaration or a member has no documentation.",
        meaning="`///` is what the reference, the editor and the docstrings of generated code show. `publishes` and "
        "`uses` need none: what they name has its own. Fields and values have a rule of their own, "
        "`undocumented-field`.",
        wrong=selected(
            "missing-documentation", "/// Orders of the shop.\npackage shop.v1\n\nstruct Order { id: uuid }"
        ),
        right=selected(
            "missing-documentation",
            """
/// Orders of the shop.
package shop.v1

/// What a customer has ordered at once.
struct Order { id: uuid }
""",
        ),
        remedy="Say what the name does not: what it is for, units, limits, what happens after.",
    ),
)
