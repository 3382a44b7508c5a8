"""B0145: A method is no longer idempotent."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_member

PAGE = page(
    code="B0145",
    name="idempotent-dropped",
    tags=(Category.BROKER,),
    title="A method lost `@idempotent`.",
    meaning=(
        "Old clients go on sending a request again when they do not know whether it arrived: now it may be done twice."
    ),
    before="""\
service Orders {
  @idempotent rpc set_to(n: int)
}
""",
    wrong="""\
service Orders {
  rpc set_to(n: int)
}
""",
    right="""\
service Orders {
  @idempotent rpc set_to(n: int)
  rpc add(n: int)
}
""",
    remedy="Keep the method idempotent, and add another one for what is not.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        old, new = pair.old, pair.new
        if isinstance(old, model.Rpc) and isinstance(new, model.Rpc) and old.idempotent and not new.idempotent:
            yield Finding(
                category=Category.BROKER,
                thing=(new, "idempotent"),
                message=f"`{pair.name}` is no longer `@idempotent`",
                breaks="old clients send a call again that may have been done",
                remedy="keep it idempotent, and add another method for what is not",
                span=new.span,
                old_line=f"@idempotent {spell_member(old)}",
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
