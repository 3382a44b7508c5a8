"""What of a change of a contract breaks somebody: compares two models, the old and the new one.

A finding depends on the ways that a type travels (directions.py); what nothing reaches gives none. Every rule is a file
in rules/; of several findings about one thing the gravest is told.
"""

from collections.abc import Collection

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, diagnostic
from svcidl.compat.rules import RULES
from svcidl.diagnostics import Diagnostic, in_order

__all__ = ["RULES", "Category", "compare"]

_GRAVITY = {category: number for number, category in enumerate(Category)}


def compare(
    old: model.Model,
    new: model.Model,
    *,
    categories: Collection[Category] = tuple(Category),
    ignored: Collection[str] = (),
) -> tuple[Diagnostic, ...]:
    """Return what of the change from `old` to `new` breaks somebody, by file and place.

    Args:
        old: the baseline; the files of its spans must be called otherwise than those of `new`.
        new: the contract as it shall be.
        categories: which findings are wanted.
        ignored: codes or names of rules that are not asked.
    """
    comparison = Comparison(old, new)
    gravest: dict[tuple[int, str], tuple[int, str, Finding]] = {}
    for rule in _asked(ignored):
        for found in rule.check(comparison):
            if found.category in categories:
                thing = (id(found.thing[0]), found.thing[1])
                entry = (_GRAVITY[found.category], rule.code, found)
                gravest[thing] = min(entry, gravest.get(thing, entry), key=lambda each: each[:2])
    found_all = [diagnostic(code, found) for _, code, found in gravest.values()]
    return in_order(found_all, [package.path for package in new.packages])


def _asked(ignored: Collection[str]) -> list[Rule]:
    return [rule for rule in RULES if rule.code not in ignored and rule.page.name not in ignored]
