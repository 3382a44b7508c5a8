"""B0123: A variant was added to a closed union."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_old
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0123",
    name="closed-union-variant-added",
    tags=(Category.WIRE,),
    title="A variant was added to a closed union that old readers read.",
    meaning=(
        "Readers of a closed union refuse a variant that they do not know. The new version may write the new "
        "one to clients and services of the old contract."
    ),
    before="""\
struct Cash {}
struct Card { last4: str }
closed union Payment = Cash
service Orders { rpc paid() -> Payment }
""",
    wrong="""\
struct Cash {}
struct Card { last4: str }
closed union Payment = Cash | Card
service Orders { rpc paid() -> Payment }
""",
    right="""\
struct Cash {}
struct Card { last4: str }
closed union Payment = Cash
union Details = Card
service Orders { rpc paid() -> Payment }
""",
    remedy=(
        "Where variants may come, declare the union open (without `closed`) from the start. Otherwise update "
        "every reader first and accept the finding."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for union in comparison.unions:
        who = refused_by_old(union.reach)
        for variant in union.variants.added:
            if who and union.old.closed:
                yield Finding(
                    category=Category.WIRE,
                    thing=(union.new, variant.name),
                    message=f"the variant `{variant.name}` was added to the closed union `{union.new.name}`",
                    breaks=who,
                    remedy="update every reader first, or add a field with another union",
                    span=union.new.span,
                    old_line=spell_declaration(union.old),
                    old_span=union.old.span,
                )


RULE = Rule(page=PAGE, check=check)
