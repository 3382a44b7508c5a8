"""B0142: A member became another kind of member."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import KINDS, spell_member

PAGE = page(
    code="B0142",
    name="method-kind-changed",
    tags=(
        Category.BROKER,
        Category.WIRE,
        Category.ROUTE,
    ),
    title="A member of a service became another kind of member.",
    meaning=(
        "An rpc and a oneway method have different queues: old clients send to one that nobody reads for this "
        "method (BROKER). What becomes a route, a socket, a timer or a handler can no longer be called, or "
        "reached, as before."
    ),
    before="""\
service Orders {
  rpc print(id: int)
}
""",
    wrong="""\
service Orders {
  oneway print(id: int)
}
""",
    right="""\
service Orders {
  rpc print(id: int)
  oneway print_later(id: int)
}
""",
    remedy="Add a new member beside the old one.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for pair in comparison.members:
        category = _category(pair.old, pair.new)
        if category is not None:
            yield Finding(
                category=category,
                thing=(pair.new, ""),
                message=f"`{pair.name}` was {_a(pair.old)} and is {_a(pair.new)} now",
                breaks="old clients and services do not reach it any more",
                remedy="add a new member beside it",
                span=pair.new.span,
                old_line=spell_member(pair.old),
                old_span=pair.old.span,
            )


def _category(old: model.AnyMember, new: model.AnyMember) -> Category | None:
    called = (model.Rpc, model.Oneway)
    if type(old) is type(new) or isinstance(old, model.Timer):
        return None
    if isinstance(old, model.Subscription) or (isinstance(old, called) and isinstance(new, called)):
        return Category.BROKER
    return Category.WIRE if isinstance(old, called) else Category.ROUTE


def _a(member: model.AnyMember) -> str:
    return f"{'an' if isinstance(member, model.Rpc | model.Oneway) else 'a'} {KINDS[type(member)]}"


RULE = Rule(page=PAGE, check=check)
