"""B0105: A field or parameter lost its default and is required now."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_field

PAGE = page(
    code="B0105",
    name="field-became-required",
    tags=(Category.WIRE,),
    title="A field or parameter lost its default and became required.",
    meaning=(
        "By the old contract a writer could leave the field out. What leaves it out is refused by the new "
        "version: requests of HTTP clients, and messages from before the field existed."
    ),
    before="""\
struct Draft { text: str, copies: int = 1 }
service Orders { rpc place(draft: Draft) }
""",
    wrong="""\
struct Draft { text: str, copies: int }
service Orders { rpc place(draft: Draft) }
""",
    right="""\
struct Draft { text: str, copies: int = 2 }
service Orders { rpc place(draft: Draft) }
""",
    remedy="Keep a default. Another default is no breaking change.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        who = refused_by_new(owner.reach)
        for old, new in owner.fields.kept:
            # An optional one that refuses null now is told by the rule about null.
            if who and old.has_default and new.required and not isinstance(old.type, model.OptionalOf):
                yield Finding(
                    category=Category.WIRE,
                    thing=(new, ""),
                    message=f"the {owner.noun} `{owner.name}.{new.name}` became required",
                    breaks=who,
                    remedy="keep its default, or give it another one",
                    span=new.span,
                    old_line=spell_field(old),
                    old_span=old.span,
                )


RULE = Rule(page=PAGE, check=check)
