"""B0126: An open union was closed."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0126",
    name="union-closed",
    tags=(Category.WIRE,),
    title="A union became closed.",
    meaning=(
        "Old clients and messages that wait may hold variants that the new version does not know; a closed "
        "union refuses them."
    ),
    before="""\
struct Cash {}
union Payment = Cash
service Orders { rpc pay(by: Payment) }
""",
    wrong="""\
struct Cash {}
closed union Payment = Cash
service Orders { rpc pay(by: Payment) }
""",
    right="""\
struct Cash {}
union Payment = Cash
closed enum Other { a }
service Orders { rpc pay(by: Payment) }
""",
    remedy="Leave it as it is; declare another union where only known variants may travel.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for each in comparison.unions:
        who = refused_by_new(each.reach)
        if who and each.new.closed and not each.old.closed:
            yield Finding(
                category=Category.WIRE,
                thing=(each.new, "closed"),
                message=f"the union `{each.new.name}` is closed now",
                breaks=f"where variants are unknown to the new version, {who}",
                remedy="leave it open",
                span=each.new.span,
                old_line=spell_declaration(each.old),
                old_span=each.old.span,
            )


RULE = Rule(page=PAGE, check=check)
