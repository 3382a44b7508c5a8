"""B0141: A method has another name."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import KINDS, spell_member

PAGE = page(
    code="B0141",
    name="method-renamed",
    tags=(Category.WIRE,),
    title="A method was renamed.",
    meaning=(
        "A method travels by its name: calls of old clients are answered with `svc.UnknownMethod`, jobs that "
        "wait are parked. That two methods are one is seen by their equal parameters and results. Over HTTP "
        "the name means nothing."
    ),
    before="""\
service Orders {
  rpc get(id: int) -> str
}
""",
    wrong="""\
service Orders {
  rpc fetch(id: int) -> str
}
""",
    right="""\
service Orders {
  @deprecated("use `fetch`") rpc get(id: int) -> str
  rpc fetch(id: int) -> str
}
""",
    remedy="Keep the old method beside the new one, marked `@deprecated`, until nobody calls it.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for service in comparison.services:
        for old, new in service.members.guessed:
            if isinstance(new, model.Rpc | model.Oneway):
                yield Finding(
                    category=Category.WIRE,
                    thing=(new, ""),
                    message=f"the {KINDS[type(new)]} `{service.new.name}.{old.name}` is called `{new.name}` now",
                    breaks="calls of old clients are refused",
                    remedy="keep the old one beside it, marked `@deprecated`, until nobody calls it",
                    span=new.span,
                    old_line=spell_member(old),
                    old_span=old.span,
                )


RULE = Rule(page=PAGE, check=check)
