"""B0109: A constraint takes less than before."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.typed import type_findings
from svcidl.compat.types import Change

PAGE = page(
    code="B0109",
    name="constraint-tightened",
    tags=(Category.WIRE,),
    title="A constraint was tightened on what old clients write.",
    meaning=(
        "Readers check what they receive. A value that the old contract allows may lie in a request of an old "
        "client or in a message that waits; the new version refuses it. In an answer, tightening is harmless: "
        "old clients take more than they get."
    ),
    before="""\
struct Draft { title: str(1..100) }
service Orders { rpc place(draft: Draft) }
""",
    wrong="""\
struct Draft { title: str(1..80) }
service Orders { rpc place(draft: Draft) }
""",
    right="""\
struct Draft { title: str(1..120) }
service Orders { rpc place(draft: Draft) }
""",
    remedy="Keep the old limits in the contract, and refuse what is too much in the code, with a declared error.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    told = "takes less than before: `{old}` became `{new}`"
    remedy = "keep the old limits, and check the new ones in the code"
    yield from type_findings(comparison, Change.TIGHTENED, refused_by_new, told, remedy)


RULE = Rule(page=PAGE, check=check)
