"""B0108: A type became another one."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_either
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.typed import type_findings
from svcidl.compat.types import Change

PAGE = page(
    code="B0108",
    name="type-changed",
    tags=(Category.WIRE,),
    title="A type became another type.",
    meaning=(
        "Neither version reads what the other one writes, or it reads something else. Two spellings of one "
        "type, with an alias or without, are no change."
    ),
    before="""\
struct Order { total: int }
service Orders { rpc get() -> Order }
""",
    wrong="""\
struct Order { total: str }
service Orders { rpc get() -> Order }
""",
    right="""\
struct Order { total: int, total_text: str? }
service Orders { rpc get() -> Order }
""",
    remedy=(
        "Add a new field of the new type beside the old one, and remove the old one when nobody reads it any more."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    told = "has another type: `{old}` became `{new}`"
    remedy = "add a new field or method of the new type beside it"
    yield from type_findings(comparison, Change.OTHER, refused_by_either, told, remedy)


RULE = Rule(page=PAGE, check=check)
