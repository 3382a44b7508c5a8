"""B0127: A closed union was opened."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_old
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0127",
    name="union-opened",
    tags=(Category.WIRE,),
    title="A union is no longer closed.",
    meaning=(
        "The new version hands on variants that it does not know itself; readers with the old, closed union "
        "refuse them."
    ),
    before="""\
struct Cash {}
closed union Payment = Cash
service Orders { rpc paid() -> Payment }
""",
    wrong="""\
struct Cash {}
union Payment = Cash
service Orders { rpc paid() -> Payment }
""",
    right="""\
struct Cash {}
closed union Payment = Cash
enum Other { a }
service Orders { rpc paid() -> Payment }
""",
    remedy="Leave it as it is; declare another union where variants may come.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for each in comparison.unions:
        who = refused_by_old(each.reach)
        if who and each.old.closed and not each.new.closed:
            yield Finding(
                category=Category.WIRE,
                thing=(each.new, "closed"),
                message=f"the union `{each.new.name}` is no longer closed",
                breaks=f"where variants are unknown to the old version, {who}",
                remedy="leave it closed",
                span=each.new.span,
                old_line=spell_declaration(each.old),
                old_span=each.old.span,
            )


RULE = Rule(page=PAGE, check=check)
