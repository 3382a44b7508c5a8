"""B0115: A value was added to a closed enum."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_old
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0115",
    name="closed-enum-value-added",
    tags=(Category.WIRE,),
    title="A value was added to a closed enum that old readers read.",
    meaning=(
        "Readers of a closed enum refuse values that they do not know. The new version may write the new one "
        "to clients and services of the old contract."
    ),
    before="""\
closed enum Status { placed, paid }
service Orders { rpc status() -> Status }
""",
    wrong="""\
closed enum Status { placed, paid, shipped }
service Orders { rpc status() -> Status }
""",
    right="""\
closed enum Status { placed, paid }
closed enum Progress { packed, shipped }
service Orders {
  rpc status() -> Status
  rpc progress() -> Progress
}
""",
    remedy=(
        "Where values may come, declare the enum open (without `closed`) from the start: readers of an open "
        "enum keep what they do not know. Otherwise update every reader first and accept the finding."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for enum in comparison.enums:
        who = refused_by_old(enum.reach)
        for value in enum.values.added:
            if who and enum.old.closed:
                yield Finding(
                    category=Category.WIRE,
                    thing=(value, ""),
                    message=f"the value `{value.name}` was added to the closed enum `{enum.new.name}`",
                    breaks=who,
                    remedy="update every reader first, or add a field with another enum",
                    span=value.span,
                    old_line=spell_declaration(enum.old),
                    old_span=enum.old.span,
                )


RULE = Rule(page=PAGE, check=check)
