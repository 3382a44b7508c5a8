"""What the rules about types have in common: one kind of difference, told of every use that something reaches."""

from collections.abc import Callable, Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import Reach
from svcidl.compat.finding import Category, Finding
from svcidl.compat.types import Change


def type_findings(
    comparison: Comparison, change: Change, breaks: Callable[[Reach], str], told: str, remedy: str
) -> Iterator[Finding]:
    """Yield a finding for every use of a type that differs so, where that breaks somebody.

    Args:
        comparison: of the two models.
        change: the kind of difference.
        breaks: who breaks by the ways of the type, "" for nobody.
        told: what happened; `{old}` and `{new}` are the parts that differ.
        remedy: what to do instead.
    """
    for use in comparison.types:
        who = breaks(use.reach)
        difference = next((each for each in use.differences if each.change is change), None)
        if who and difference is not None:
            yield Finding(
                category=Category.WIRE,
                thing=use.thing,
                message=f"{use.name} {told.format(old=difference.old, new=difference.new)}",
                breaks=who,
                remedy=remedy,
                span=use.new_span,
                old_line=use.old_line,
                old_span=use.old_span,
            )
