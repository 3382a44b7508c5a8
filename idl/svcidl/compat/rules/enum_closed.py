"""B0121: An open enum was closed."""

from collections.abc import Iterator

from svcidl.compat.comparison import Comparison
from svcidl.compat.directions import refused_by_new
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declaration

PAGE = page(
    code="B0121",
    name="enum-closed",
    tags=(Category.WIRE,),
    title="An enum became closed.",
    meaning=(
        "Old clients and messages that wait may hold values that the new version does not know; a closed enum "
        "refuses them."
    ),
    before="""\
enum Status { placed, paid }
service Orders { rpc list_by(status: Status) }
""",
    wrong="""\
closed enum Status { placed, paid }
service Orders { rpc list_by(status: Status) }
""",
    right="""\
enum Status { placed, paid }
closed enum Other { a }
service Orders { rpc list_by(status: Status) }
""",
    remedy="Leave it as it is; declare another enum where only known values may travel.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for each in comparison.enums:
        who = refused_by_new(each.reach)
        if who and each.new.closed and not each.old.closed:
            yield Finding(
                category=Category.WIRE,
                thing=(each.new, "closed"),
                message=f"the enum `{each.new.name}` is closed now",
                breaks=f"where values are unknown to the new version, {who}",
                remedy="leave it open",
                span=each.new.span,
                old_line=spell_declaration(each.old),
                old_span=each.old.span,
            )


RULE = Rule(page=PAGE, check=check)
