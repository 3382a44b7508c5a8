"""Binary fractions cannot hold most amounts of money: 0.1 + 0.2 is not 0.3."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, replacement
from svcidl.lint.words import words
from svcidl.resolve import walk
from svcidl.resolve.program import builtin

_MONEY = frozenset(
    words(
        "price prices amount cost costs fee fees salary wage balance revenue refund payment subtotal total money "
        "budget deposit"
    )
)
_NO_MONEY = frozenset(
    words(
        "rate ratio percent percentage factor weight count share seconds minutes hours ms distance volume score time "
        "duration length size water energy power"
    )
)


def float_for_money(context: Context) -> Iterator[Problem]:
    """Find floats in what is named like money, in fields, parameters and aliases."""
    for place in context.fields:
        yield from _floats(place.field, f"{place.noun} `{place.field.name.text}`")
    for _, node in context.declarations:
        if isinstance(node, nodes.Alias):
            yield from _floats(node, f"alias `{node.name.text}`")


def _floats(node: nodes.Field | nodes.Alias, noun: str) -> Iterator[Problem]:
    said = words(node.name.text)
    if not said or _NO_MONEY.intersection(said) or not _MONEY.intersection((said[0], said[-1])):
        return
    for use in walk.nested(node.type):
        if builtin(use) == "float":
            text = "decimal(12, 2)"
            yield Problem(
                span=use.span,
                message=f"{noun} holds money in a `float`",
                help=(f"use `{text}`: it is exact",),
                # A range, a default and what is on the wire would change with it.
                fixes=replacement(f"use `{text}`", use.ref.span, text) if use.constraints is None else (),
            )


RULE = Rule(
    find=float_for_money,
    page=Explanation(
        code="L0117",
        name="float-for-money",
        title="An amount of money is a float.",
        meaning="A `float` is a binary fraction: it holds neither 0.10 nor 19.99, and sums of many drift by cents. A "
        "`decimal` holds what is written and travels as text. What counts as money is told by the name: price, "
        "amount, cost, fee, total and the like.",
        wrong=example("package shop.v1\n\nstruct Line { sku: str, unit_price: float }"),
        right=example("package shop.v1\n\nstruct Line { sku: str, unit_price: decimal(12, 2) }"),
        remedy="Use `decimal(precision, scale)`; one alias `Money` for all keeps them alike.",
    ),
)
