"""`any` says nothing: no reader can check it, no change of it is ever found."""

from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected
from svcidl.resolve import walk
from svcidl.resolve.program import builtin


def untyped_value(context: Context) -> Iterator[Problem]:
    """Find every `any`."""
    for unit in context.units:
        for use in walk.all_types(unit.tree):
            if builtin(use) == "any":
                yield Problem(
                    span=use.span,
                    message="`any` is no type: nobody can tell what it holds",
                    help=("declare a struct or a union",),
                )


RULE = Rule(
    find=untyped_value,
    page=Explanation(
        code="L0122",
        name="untyped-value",
        tags=("opt-in",),
        title="A value has the type `any`.",
        meaning="`any` takes any JSON. Nothing is checked, nothing is documented, and `svcgen breaking` finds no "
        "change of what is in it: the contract has a hole there.",
        wrong=selected("untyped-value", "package shop.v1\n\nstruct Order { id: uuid, extra: map<str, any> }"),
        right=selected("untyped-value", "package shop.v1\n\nstruct Order { id: uuid, extra: map<str, str> }"),
        remedy="Declare what it holds, as a union where that differs.",
    ),
)
