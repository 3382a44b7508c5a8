"""B0114: A name that was reserved is used again."""

from collections.abc import Iterable, Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison, reserved
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import spell_declared

PAGE = page(
    code="B0114",
    name="reserved-name-reused",
    tags=(Category.WIRE,),
    title="A reserved name came back.",
    meaning=(
        "A name is reserved because something else was called so once: old clients may still write that, and "
        "messages that wait may hold it. The new version takes it for the new thing."
    ),
    before="""\
struct Draft { text: str, reserved(note) }
service Orders { rpc place(draft: Draft) }
""",
    wrong="""\
struct Draft { text: str, note: int? }
service Orders { rpc place(draft: Draft) }
""",
    right="""\
struct Draft { text: str, note_id: int?, reserved(note) }
service Orders { rpc place(draft: Draft) }
""",
    remedy="Choose another name, and keep the reservation.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for owner in comparison.fields:
        yield from _reused(owner.old, owner.new, owner.fields.added)
    for enum in comparison.enums:
        yield from _reused(enum.old, enum.new, enum.values.added)
    for union in comparison.unions:
        yield from _reused(union.old, union.new, union.variants.added)


def _reused(old: model.Declared, new: model.Declared, added: Iterable[model.Declared]) -> Iterator[Finding]:
    for each in added:
        if each.name in reserved(old):
            yield Finding(
                category=Category.WIRE,
                thing=(each, ""),
                message=f"`{each.name}` was reserved in `{new.name}` and is used again",
                breaks="what old versions wrote or read under this name is taken for the new thing",
                remedy="choose another name, and keep the reservation",
                span=each.span,
                old_line=f"{spell_declared(old)} {{ reserved({each.name}) }}",
                old_span=old.span,
            )


RULE = Rule(page=PAGE, check=check)
