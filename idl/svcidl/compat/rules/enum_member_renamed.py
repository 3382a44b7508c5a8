"""B0120: A value of an enum has another name, but travels as before."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_value

PAGE = page(
    code="B0120",
    name="enum-member-renamed",
    tags=(Category.SOURCE,),
    title="A value of an enum has another name, and travels as before.",
    meaning=("On the wire nothing changes; code that uses the member by its old name no longer type-checks or runs."),
    before="""\
enum Status { placed, lost }
service Orders { rpc status() -> Status }
""",
    wrong="""\
enum Status { placed, missing = "lost" }
service Orders { rpc status() -> Status }
""",
    right="""\
enum Status { placed, lost, missing }
service Orders { rpc status() -> Status }
""",
    remedy="Keep the name, or tell those who use it; the finding can be accepted in the file.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for enum in comparison.enums:
        for old, new in enum.values.guessed:
            if old.wire == new.wire:
                yield Finding(
                    category=Category.SOURCE,
                    thing=(new, ""),
                    message=f"`{enum.new.name}.{old.name}` is called `{new.name}` now",
                    breaks="code that uses the old name no longer runs",
                    remedy=f"keep the name `{old.name}`",
                    span=new.span,
                    old_line=spell_value(old),
                    old_span=old.span,
                )


RULE = Rule(page=PAGE, check=check)
