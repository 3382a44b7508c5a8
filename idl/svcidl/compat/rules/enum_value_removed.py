"""B0117: A value was removed from an open enum."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_value

PAGE = page(
    code="B0117",
    name="enum-value-removed",
    tags=(Category.SOURCE,),
    title="A value was removed from an enum.",
    meaning=(
        "Readers of an open enum keep a value that they do not know, so messages pass; code that uses the "
        "member no longer type-checks or runs."
    ),
    before="""\
enum Status { placed, paid, lost }
service Orders { rpc status() -> Status }
""",
    wrong="""\
enum Status { placed, paid }
service Orders { rpc status() -> Status }
""",
    right="""\
enum Status { placed, paid, reserved(lost) }
service Orders { rpc status() -> Status }
""",
    remedy="Mark it `@deprecated` first; then write `reserved(…)`, which ends this finding.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for enum in comparison.enums:
        for value in enum.values.removed:
            if not enum.new.closed and value.name not in enum.new.reserved:
                yield Finding(
                    category=Category.SOURCE,
                    thing=(value, ""),
                    message=f"the value `{value.name}` was removed from `{enum.new.name}`",
                    breaks="code that uses it no longer runs",
                    remedy=f"deprecate it first; then write `reserved({value.name})`",
                    span=enum.new.span,
                    label=f"`{value.name}` was removed from here",
                    old_line=spell_value(value),
                    old_span=value.span,
                )


RULE = Rule(page=PAGE, check=check)
