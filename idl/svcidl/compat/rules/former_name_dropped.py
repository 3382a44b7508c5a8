"""B0113: A `@renamed` was removed or changed."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_field

PAGE = page(
    code="B0113",
    name="former-name-dropped",
    tags=(Category.WIRE,),
    title="The former name of a field is no longer read.",
    meaning=(
        "While `@renamed` stands there, readers take both names. Clients and messages from before the "
        "renaming still write the former one, and the new version does not find it."
    ),
    before="""\
struct Draft { @renamed("note") remark: str }
service Orders { rpc place(draft: Draft) }
""",
    wrong="""\
struct Draft { remark: str }
service Orders { rpc place(draft: Draft) }
""",
    right="""\
struct Draft { @renamed("note") remark: str, title: str? }
service Orders { rpc place(draft: Draft) }
""",
    remedy=(
        "Keep `@renamed` as long as anybody may write the former name; accept the finding in the file when "
        "that is over."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        who = refused_by_new(owner.reach)
        for old, new in owner.fields.kept:
            if who and old.renamed is not None and old.renamed not in (new.renamed, new.name):
                yield Finding(
                    category=Category.WIRE,
                    thing=(new, ""),
                    message=f"the {owner.noun} `{owner.name}.{new.name}` is no longer read as `{old.renamed}`",
                    breaks=f"where it has the former name, {who}",
                    remedy=f'keep `@renamed("{old.renamed}")`',
                    span=new.span,
                    old_line=spell_field(old),
                    old_span=old.span,
                )


RULE = Rule(page=PAGE, check=check)
