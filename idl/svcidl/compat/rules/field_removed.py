"""B0102: A field or parameter was removed."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison, reserved
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_field

PAGE = page(
    code="B0102",
    name="field-removed",
    tags=(Category.SOURCE,),
    title="A field or parameter was removed.",
    meaning=(
        "Programs that were written against the old classes read the field, or pass it, and no longer type- "
        "check or run when they get the new ones. On the bus nothing breaks, readers ignore what they do not "
        "know; where something breaks there too, another rule tells that instead."
    ),
    before="""\
struct Order { id: int, note: str? }
service Orders { rpc get() -> Order }
""",
    wrong="""\
struct Order { id: int }
service Orders { rpc get() -> Order }
""",
    right="""\
struct Order { id: int, reserved(note) }
service Orders { rpc get() -> Order }
""",
    remedy=(
        "Mark it `@deprecated` for a while; when nobody uses it any more, remove it and keep its name from "
        "coming back with `reserved(…)`, which also ends this finding. Parameters cannot be reserved: accept "
        "the finding in the file."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        for field in owner.fields.removed:
            if field.name in reserved(owner.new):
                continue
            yield Finding(
                category=Category.SOURCE,
                thing=(field, ""),
                message=f"the {owner.noun} `{owner.name}.{field.name}` was removed",
                breaks="code that uses it no longer runs",
                remedy=f"deprecate it first; then write `reserved({field.name})`"
                if owner.noun == "field"
                else "deprecate it first",
                span=owner.new.span,
                label=f"`{field.name}` was removed from here",
                old_line=spell_field(field),
                old_span=field.span,
            )


RULE = Rule(page=PAGE, check=check)
