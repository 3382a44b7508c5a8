"""B0107: What could not be null can be now."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_old
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.typed import type_findings
from svcidl.compat.types import Change

PAGE = page(
    code="B0107",
    name="null-allowed",
    tags=(Category.WIRE,),
    title="A type got a `?` in what old readers read.",
    meaning=(
        "Old clients and services refuse null where the old contract has no `?`, and the new version may write it."
    ),
    before="""\
struct Order { note: str }
service Orders { rpc get() -> Order }
""",
    wrong="""\
struct Order { note: str? }
service Orders { rpc get() -> Order }
""",
    right="""\
struct Order { note: str, remark: str? }
service Orders { rpc get() -> Order }
""",
    remedy="Leave the field as it is and add an optional one, or write an empty value instead of null.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    told = "can be null now: `{old}` became `{new}`"
    remedy = "leave it without `?`; add another, optional one where there may be nothing"
    yield from type_findings(comparison, Change.NULL_ALLOWED, refused_by_old, told, remedy)


RULE = Rule(page=PAGE, check=check)
