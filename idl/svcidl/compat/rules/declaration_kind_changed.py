"""B0135: A name stands for another kind of thing."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import KINDS, spell_declaration

PAGE = page(
    code="B0135",
    name="declaration-kind-changed",
    tags=(Category.WIRE,),
    title="A name stands for another kind of declaration.",
    meaning=(
        "What was a struct is an enum now, or the like: neither version reads what the other one writes under "
        "this name."
    ),
    before="""\
struct Status { text: str }
service Orders { rpc status() -> Status }
""",
    wrong="""\
enum Status { open, closed }
service Orders { rpc status() -> Status }
""",
    right="""\
struct Status { text: str, code: int? }
service Orders { rpc status() -> Status }
""",
    remedy="Give the new thing another name.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for old, new in comparison.declarations.kept:
        is_used = isinstance(old, model.Service | model.Event) or comparison.reached_before(old)
        if is_used and type(old) is not type(new):
            was, is_ = KINDS[type(old)], KINDS[type(new)]
            yield Finding(
                category=Category.WIRE,
                thing=(new, ""),
                message=f"`{new.name}` was declared as {was} and is declared as {is_} now",
                breaks="neither version reads what the other one writes",
                remedy="give the new declaration another name",
                span=new.span,
                old_line=spell_declaration(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
