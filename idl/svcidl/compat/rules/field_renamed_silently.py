"""B0112: A field or parameter went, and one like it came."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_field

PAGE = page(
    code="B0112",
    name="field-renamed-silently",
    tags=(Category.WIRE,),
    title="A field or parameter seems to be renamed, without `@renamed`.",
    meaning=(
        "A field went and another one of the same type and default came. On the wire names are identity: the "
        "new version does not find what old ones write, and old ones miss what they wait for."
    ),
    before="""\
struct Draft { note: str? }
service Orders { rpc place(draft: Draft) }
""",
    wrong="""\
struct Draft { remark: str? }
service Orders { rpc place(draft: Draft) }
""",
    right="""\
struct Draft { remark: str?, reserved(note) }
service Orders { rpc place(draft: Draft) }
""",
    remedy=(
        'Write `@renamed("old")`: then the new version reads both names. If the new field is another thing, '
        "say so with `reserved(old)`."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        for old, new in owner.fields.guessed:
            remedy = f'write `@renamed("{old.name}")`'
            if owner.noun == "field":
                remedy += f", or `reserved({old.name})` if it is another thing"
            yield Finding(
                category=Category.WIRE,
                thing=(new, ""),
                message=f"the {owner.noun} `{owner.name}.{old.name}` seems to be called `{new.name}` now",
                breaks="neither version finds what the other one writes",
                remedy=remedy,
                span=new.span,
                old_line=spell_field(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
