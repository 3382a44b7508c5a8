"""B0125: The tag of a variant changed."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0125",
    name="variant-tag-changed",
    tags=(Category.WIRE,),
    title="A variant travels under another tag.",
    meaning=(
        "The tag tells a reader which variant it has. Old and new versions do not know each other's tag: a "
        "closed union refuses it, an open one takes it for an unknown variant. The tag is the name of the "
        "struct, unless `@tag` says otherwise, so renaming the struct changes it."
    ),
    before="""\
struct Cash {}
struct Card { last4: str }
union Payment = Cash | Card
service Orders { rpc paid() -> Payment }
""",
    wrong="""\
struct Cash {}
@tag("card") struct Card { last4: str }
union Payment = Cash | Card
service Orders { rpc paid() -> Payment }
""",
    right="""\
struct Cash {}
struct Card { @deprecated("unused") network: str?, last4: str }
union Payment = Cash | Card
service Orders { rpc paid() -> Payment }
""",
    remedy='Write the old tag with `@tag("…")`.',
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for union in comparison.unions:
        for old, new in union.variants.kept:
            if old.tag != new.tag:
                yield Finding(
                    category=Category.WIRE,
                    thing=(new, ""),
                    message=f"the variant `{new.name}` has the tag `{new.tag}` instead of `{old.tag}`",
                    breaks="old and new versions do not know each other's tag",
                    remedy=f'write `@tag("{old.tag}")` before the struct',
                    span=new.span,
                    old_line=spell_declaration(old),
                    old_span=old.span,
                )


RULE = Rule(page=PAGE, check=check)
