"""B0124: A variant was removed from a union."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0124",
    name="variant-removed",
    tags=(
        Category.WIRE,
        Category.SOURCE,
    ),
    title="A variant was removed from a union.",
    meaning=(
        "Requests of old clients and messages that wait may hold the variant: the new version refuses it, or "
        "takes it for an unknown one where the union is open (WIRE). Where only answers have it, code that "
        "matches on it no longer runs (SOURCE)."
    ),
    before="""\
struct Cash {}
struct Card { last4: str }
union Payment = Cash | Card
service Orders { rpc pay(by: Payment) }
""",
    wrong="""\
struct Cash {}
struct Card { last4: str }
union Payment = Cash
service Orders { rpc pay(by: Payment) }
""",
    right="""\
struct Cash {}
struct Card { last4: str }
struct Voucher {}
union Payment = Cash | Card | Voucher
service Orders { rpc pay(by: Payment) }
""",
    remedy=(
        "Keep the variant, mark its struct `@deprecated`, and refuse it in the code. Where it was only "
        "answered, `reserved(…)` ends the finding."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for union in comparison.unions:
        who = refused_by_new(union.reach)
        for variant in union.variants.removed:
            if who or variant.name not in union.new.reserved:
                yield Finding(
                    category=Category.WIRE if who else Category.SOURCE,
                    thing=(union.new, variant.name),
                    message=f"the variant `{variant.name}` was removed from the union `{union.new.name}`",
                    breaks=who or "code that uses it no longer runs",
                    remedy="keep it, marked `@deprecated`" if who else f"write `reserved({variant.name})`",
                    span=union.new.span,
                    label=f"`{variant.name}` was removed from here",
                    old_line=spell_declaration(union.old),
                    old_span=union.old.span,
                )


RULE = Rule(page=PAGE, check=check)
