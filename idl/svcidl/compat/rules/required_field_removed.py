"""B0103: A required field was removed that old readers wait for."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_old
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_field

PAGE = page(
    code="B0103",
    name="required-field-removed",
    tags=(Category.WIRE,),
    title="A required field was removed from what old readers read.",
    meaning=(
        "The field is required by the old contract, so clients that were built from it refuse an answer "
        "without it, and services of the old version refuse new events and jobs without it."
    ),
    before="""\
struct Order { id: int, total: int }
service Orders { rpc get() -> Order }
""",
    wrong="""\
struct Order { id: int, reserved(total) }
service Orders { rpc get() -> Order }
""",
    right="""\
struct Order { id: int, @deprecated("use `lines`") total: int }
service Orders { rpc get() -> Order }
""",
    remedy=(
        "Keep writing the field and mark it `@deprecated`. It can go when nothing that requires it is left, "
        "with this finding accepted in the file."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        who = refused_by_old(owner.reach)
        for field in owner.fields.removed:
            if who and field.required:
                yield Finding(
                    category=Category.WIRE,
                    thing=(field, ""),
                    message=f"the required {owner.noun} `{owner.name}.{field.name}` was removed",
                    breaks=who,
                    remedy="keep it, marked `@deprecated`, until no reader requires it any more",
                    span=owner.new.span,
                    label=f"`{field.name}` was removed from here",
                    old_line=spell_field(field),
                    old_span=field.span,
                )


RULE = Rule(page=PAGE, check=check)
