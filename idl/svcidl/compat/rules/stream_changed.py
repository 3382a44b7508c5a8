"""B0143: A result became a stream, or a stream one result."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_member

PAGE = page(
    code="B0143",
    name="stream-changed",
    tags=(Category.WIRE,),
    title="A method answers with a stream instead of one result, or the other way round.",
    meaning=(
        "Opening a stream and waiting for one reply are two protocols: an old client does not understand the "
        "answer, over HTTP neither."
    ),
    before="""\
service Orders {
  rpc changes() -> str
}
""",
    wrong="""\
service Orders {
  rpc changes() -> stream str
}
""",
    right="""\
service Orders {
  rpc changes() -> str
  rpc watch() -> stream str
}
""",
    remedy="Add a new method beside the old one.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        old, new = pair.old, pair.new
        if isinstance(old, model.Rpc) and isinstance(new, model.Rpc) and old.stream != new.stream:
            yield Finding(
                category=Category.WIRE,
                thing=(new, "result"),
                message=f"`{pair.name}` answers with {'a stream' if new.stream else 'one result, not a stream'} now",
                breaks="old clients do not understand the answer",
                remedy="add a new method beside it",
                span=new.span,
                old_line=spell_member(old),
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
