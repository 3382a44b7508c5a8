"""B0106: What could be null can no longer be."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.typed import type_findings
from svcidl.compat.types import Change

PAGE = page(
    code="B0106",
    name="null-refused",
    tags=(Category.WIRE,),
    title="A type lost its `?` in what old clients write.",
    meaning=(
        "Writers send null where an optional value is absent, and old messages and requests hold it. The new "
        "version refuses null."
    ),
    before="""\
struct Draft { note: str? }
service Orders { rpc place(draft: Draft) }
""",
    wrong="""\
struct Draft { note: str }
service Orders { rpc place(draft: Draft) }
""",
    right="""\
struct Draft { note: str? = "" }
service Orders { rpc place(draft: Draft) }
""",
    remedy="Keep the `?`, and let the code put something in the place of null.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    told = "refuses null now: `{old}` became `{new}`"
    remedy = "keep the `?`"
    yield from type_findings(comparison, Change.NULL_REFUSED, refused_by_new, told, remedy)


RULE = Rule(page=PAGE, check=check)
