"""B0144: A method has a result that had none, or none any more."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_member

PAGE = page(
    code="B0144",
    name="result-added-or-removed",
    tags=(Category.WIRE,),
    title="A method got a result, or lost it.",
    meaning=(
        "The answer without a result is null: a client that waits for a result refuses it, and one that waits "
        "for none refuses a result."
    ),
    before="""\
service Orders {
  rpc save(id: int)
}
""",
    wrong="""\
service Orders {
  rpc save(id: int) -> int
}
""",
    right="""\
service Orders {
  rpc save(id: int)
  rpc store(id: int) -> int
}
""",
    remedy="Add a new method beside the old one.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        old, new = pair.old, pair.new
        if isinstance(old, model.Rpc) and isinstance(new, model.Rpc) and (old.result is None) != (new.result is None):
            yield Finding(
                category=Category.WIRE,
                thing=(new, "result"),
                message=f"`{pair.name}` has {'no result any more' if new.result is None else 'a result now'}",
                breaks="old clients refuse the answer",
                remedy="add a new method beside it",
                span=new.span,
                old_line=spell_member(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
