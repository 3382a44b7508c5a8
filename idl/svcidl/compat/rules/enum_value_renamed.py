"""B0118: What travels for an enum value was renamed with `@renamed`."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import NEW_TO_OLD
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_value

PAGE = page(
    code="B0118",
    name="enum-value-renamed",
    tags=(
        Category.SOURCE,
        Category.WIRE,
    ),
    title="A value of an enum was renamed, and says so.",
    meaning=(
        "With `@renamed` the new version reads both names, so requests of old clients are understood: only "
        "code that uses the old name breaks (SOURCE). Old readers of answers and events know only the old "
        "name (WIRE)."
    ),
    before="""\
enum Status { placed, lost }
service Orders { rpc status() -> Status }
""",
    wrong="""\
enum Status { placed, @renamed("lost") missing }
service Orders { rpc status() -> Status }
""",
    right="""\
enum Status { placed, lost, missing }
service Orders { rpc status() -> Status }
""",
    remedy='Let the old name travel: `missing = "lost"` changes only the code.',
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for enum in comparison.enums:
        for old, new in enum.values.kept:
            if old.wire != new.wire and new.renamed == old.wire:
                yield Finding(
                    category=Category.WIRE if enum.reach & NEW_TO_OLD else Category.SOURCE,
                    thing=(new, ""),
                    message=f"`{enum.new.name}.{old.name}` travels as `{new.wire}` now",
                    breaks="old readers know only `" + old.wire + "`"
                    if enum.reach & NEW_TO_OLD
                    else "code that uses the old name no longer runs",
                    remedy=f'write `{new.name} = "{old.wire}"`',
                    span=new.span,
                    old_line=spell_value(old),
                    old_span=old.span,
                )


RULE = Rule(page=PAGE, check=check)
