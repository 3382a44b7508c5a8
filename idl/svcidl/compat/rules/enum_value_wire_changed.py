"""B0119: Another text travels for an enum value."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_value

PAGE = page(
    code="B0119",
    name="enum-value-wire-changed",
    tags=(Category.WIRE,),
    title="Another text travels for a value of an enum, without `@renamed`.",
    meaning=(
        "Old and new versions do not know each other's text: a closed enum refuses it, an open one takes it "
        "for an unknown value."
    ),
    before="""\
enum Status { placed, paid = "p" }
service Orders { rpc list_by(status: Status) }
""",
    wrong="""\
enum Status { placed, paid }
service Orders { rpc list_by(status: Status) }
""",
    right="""\
enum Status { placed, paid = "p", sent }
service Orders { rpc list_by(status: Status) }
""",
    remedy="Keep the text that travels.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for enum in comparison.enums:
        for old, new in enum.values.kept:
            if old.wire != new.wire and new.renamed != old.wire:
                is_same = old.name == new.name
                told = f"travels as `{new.wire}` instead of `{old.wire}`"
                told = told if is_same else f"seems to be called `{new.name}` now"
                yield Finding(
                    category=Category.WIRE,
                    thing=(new, ""),
                    message=f"`{enum.new.name}.{old.name}` {told}",
                    breaks="old and new versions do not know each other's value",
                    remedy=f'write `{new.name} = "{old.wire}"`'
                    + ("" if is_same else f", or `reserved({old.name})` if it is another one"),
                    span=new.span,
                    old_line=spell_value(old),
                    old_span=old.span,
                )


RULE = Rule(page=PAGE, check=check)
