"""B0128: A type that was used is gone."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.compat.spelling import KINDS, spell_declaration

PAGE = page(
    code="B0128",
    name="type-removed",
    tags=(Category.SOURCE,),
    title="A type was removed.",
    meaning=(
        "The generated class is gone, and code that imports it no longer runs. What happens on the wire is "
        "told where the type was used."
    ),
    before="""\
alias Sku = str(1..40)
service Orders { rpc find(sku: Sku) }
""",
    wrong="""\
service Orders { rpc find(sku: str(1..40)) }
""",
    right="""\
@deprecated("use str") alias Sku = str(1..40)
service Orders { rpc find(sku: str(1..40)) }
""",
    remedy="Mark it `@deprecated` first, and remove it when nobody imports it.",
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    variants = {variant for union in comparison.unions for variant in union.variants.removed}
    for each in comparison.declarations.removed:
        # That a variant is gone is told of its union.
        if each in variants:
            continue
        if isinstance(each, model.Alias | model.Enum | model.Struct | model.Union) and comparison.reached_before(each):
            yield Finding(
                category=Category.SOURCE,
                thing=(each, ""),
                message=f"the {KINDS[type(each)]} `{each.name}` was removed",
                breaks="code that imports it no longer runs",
                remedy="keep it, marked `@deprecated`, until nobody imports it",
                span=comparison.homes[each].span,
                label=f"`{each.name}` was removed from this package",
                old_line=spell_declaration(each),
                old_span=each.span,
            )


RULE = Rule(page=PAGE, check=check)
