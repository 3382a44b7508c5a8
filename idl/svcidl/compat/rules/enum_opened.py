"""B0122: A closed enum was opened."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_old
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0122",
    name="enum-opened",
    tags=(Category.WIRE,),
    title="An enum is no longer closed.",
    meaning=(
        "The new version hands on values that it does not know itself; readers with the old, closed enum refuse them."
    ),
    before="""\
closed enum Status { placed, paid }
service Orders { rpc status() -> Status }
""",
    wrong="""\
enum Status { placed, paid }
service Orders { rpc status() -> Status }
""",
    right="""\
closed enum Status { placed, paid }
enum Other { a }
service Orders { rpc status() -> Status }
""",
    remedy="Leave it as it is; declare another enum where values may come.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for each in comparison.enums:
        who = refused_by_old(each.reach)
        if who and each.old.closed and not each.new.closed:
            yield Finding(
                category=Category.WIRE,
                thing=(each.new, "closed"),
                message=f"the enum `{each.new.name}` is no longer closed",
                breaks=f"where values are unknown to the old version, {who}",
                remedy="leave it closed",
                span=each.new.span,
                old_line=spell_declaration(each.old),
                old_span=each.old.span,
            )


RULE = Rule(page=PAGE, check=check)
