"""B0101: A required field or parameter was added."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declared

PAGE = page(
    code="B0101",
    name="required-field-added",
    tags=(Category.WIRE,),
    title="A required field or parameter was added to what old clients write.",
    meaning=(
        "Clients that were built from the old contract do not write the field, and messages that wait in "
        "queues do not have it; the new version refuses both. In an answer a new field hurts nobody: old "
        "clients ignore it."
    ),
    before="""\
struct Draft { text: str }
service Orders { rpc place(draft: Draft) }
""",
    wrong="""\
struct Draft { text: str, title: str }
service Orders { rpc place(draft: Draft) }
""",
    right="""\
struct Draft { text: str, title: str? }
service Orders { rpc place(draft: Draft) }
""",
    remedy=(
        "Make the field optional with `?`, or give it a default. It can become required when no old client is "
        "left, with this finding accepted in the file."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        who = refused_by_new(owner.reach)
        for field in owner.fields.added:
            if who and field.required:
                yield Finding(
                    category=Category.WIRE,
                    thing=(field, ""),
                    message=f"the required {owner.noun} `{owner.name}.{field.name}` was added",
                    breaks=who,
                    remedy="make it optional with `?`, or give it a default",
                    span=field.span,
                    old_line=spell_declared(owner.old),
                    old_span=owner.old.span,
                )


RULE = Rule(page=PAGE, check=check)
