"""B0116: A value was removed from a closed enum."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_value

PAGE = page(
    code="B0116",
    name="closed-enum-value-removed",
    tags=(
        Category.WIRE,
        Category.SOURCE,
    ),
    title="A value was removed from a closed enum.",
    meaning=(
        "Requests of old clients and messages that wait may hold the value, and the new version refuses it "
        "(WIRE). Where only answers have it, code that uses the member no longer runs (SOURCE)."
    ),
    before="""\
closed enum Status { placed, paid, lost }
service Orders { rpc list_by(status: Status) }
""",
    wrong="""\
closed enum Status { placed, paid }
service Orders { rpc list_by(status: Status) }
""",
    right="""\
closed enum Status { placed, paid, @deprecated("use `paid`") lost }
service Orders { rpc list_by(status: Status) }
""",
    remedy="Keep the value, marked `@deprecated`. Where it was only answered, `reserved(…)` ends the finding.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for enum in comparison.enums:
        who = refused_by_new(enum.reach)
        for value in enum.values.removed:
            if enum.new.closed and (who or value.name not in enum.new.reserved):
                yield Finding(
                    category=Category.WIRE if who else Category.SOURCE,
                    thing=(value, ""),
                    message=f"the value `{value.name}` was removed from the closed enum `{enum.new.name}`",
                    breaks=who or "code that uses it no longer runs",
                    remedy="keep it, marked `@deprecated`" if who else f"write `reserved({value.name})`",
                    span=enum.new.span,
                    label=f"`{value.name}` was removed from here",
                    old_line=spell_value(value),
                    old_span=value.span,
                )


RULE = Rule(page=PAGE, check=check)
