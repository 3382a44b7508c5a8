"""B0110: A constraint takes more than before."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_old
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.typed import type_findings
from svcidl.compat.types import Change

PAGE = page(
    code="B0110",
    name="constraint-widened",
    tags=(Category.WIRE,),
    title="A constraint was widened on what old readers read.",
    meaning=(
        "Readers check what they receive. The new version may write a value that the old contract does not "
        "allow; clients and services that were built from it refuse the whole message. In a request, widening "
        "is harmless."
    ),
    before="""\
struct Order { title: str(1..80) }
service Orders { rpc get() -> Order }
""",
    wrong="""\
struct Order { title: str(1..100) }
service Orders { rpc get() -> Order }
""",
    right="""\
struct Order { title: str(1..60) }
service Orders { rpc get() -> Order }
""",
    remedy=(
        "Use one type for what comes in and another one for what goes out, or update all readers first and "
        "accept the finding."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    told = "takes more than before: `{old}` became `{new}`"
    remedy = "update every reader first, or use another type for what is written"
    yield from type_findings(comparison, Change.WIDENED, refused_by_old, told, remedy)


RULE = Rule(page=PAGE, check=check)
