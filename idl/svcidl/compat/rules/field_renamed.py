"""B0111: A field or parameter was renamed with `@renamed`."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import NEW_TO_OLD
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_field

PAGE = page(
    code="B0111",
    name="field-renamed",
    tags=(
        Category.SOURCE,
        Category.WIRE,
    ),
    title="A field or parameter was renamed, and says so.",
    meaning=(
        "With `@renamed` the new version reads both names, so requests of old clients are understood: only "
        "code that uses the old name breaks (SOURCE). Old readers of answers and events know only the old "
        "name (WIRE)."
    ),
    before="""\
struct Order { note: str }
service Orders { rpc get() -> Order }
""",
    wrong="""\
struct Order { @renamed("note") remark: str }
service Orders { rpc get() -> Order }
""",
    right="""\
struct Order { note: str, remark: str? }
service Orders { rpc get() -> Order }
""",
    remedy="Add the new name as an optional field beside the old one, write both, and remove the old one later.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        is_read_by_old = bool(owner.reach & NEW_TO_OLD)
        for old, new in owner.fields.declared:
            yield Finding(
                category=Category.WIRE if is_read_by_old else Category.SOURCE,
                thing=(new, ""),
                message=f"the {owner.noun} `{owner.name}.{old.name}` is called `{new.name}` now",
                breaks="old readers know only the old name"
                if is_read_by_old
                else "code that uses the old name no longer runs",
                remedy="add the new name beside the old one, and remove the old one later",
                span=new.span,
                old_line=spell_field(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
