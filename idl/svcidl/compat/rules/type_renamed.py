"""B0129: A type has another name."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import KINDS, both_names, spell_declaration

PAGE = page(
    code="B0129",
    name="type-renamed",
    tags=(Category.SOURCE,),
    title="A type was renamed.",
    meaning=(
        "Types do not travel by name, so messages pass; code that imports the class by its old name no longer "
        "runs. That two types are one is seen by their equal content."
    ),
    before="""\
struct Order { id: int, total: int }
service Orders { rpc get() -> Order }
""",
    wrong="""\
struct Purchase { id: int, total: int }
service Orders { rpc get() -> Purchase }
""",
    right="""\
struct Order { id: int, total: int, note: str? }
service Orders { rpc get() -> Order }
""",
    remedy="Keep the name, or tell those who use it; the finding can be accepted in the file.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for old, new in comparison.declarations.guessed:
        if isinstance(old, model.Alias | model.Enum | model.Struct | model.Union) and comparison.reach(old, new):
            was, is_ = both_names(old, new)
            yield Finding(
                category=Category.SOURCE,
                thing=(new, ""),
                message=f"the {KINDS[type(old)]} `{was}` is called `{is_}` now",
                breaks="code that imports the old name no longer runs",
                remedy="keep the old name",
                span=new.span,
                old_line=spell_declaration(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
