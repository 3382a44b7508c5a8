"""B0137: A package has another name."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page

PAGE = page(
    code="B0137",
    name="package-renamed",
    tags=(
        Category.BROKER,
        Category.SOURCE,
    ),
    title="A package was renamed.",
    meaning=(
        "Full names begin with the package: old callers and subscribers look for the old names of services, "
        "events and queues (BROKER), or import the old classes (SOURCE). That two packages are one is seen by "
        "their equal declarations."
    ),
    before="""\
service Orders { rpc count() -> int }
""",
    wrong="""\
service Orders { rpc count() -> int }
""",
    right="""\
service Orders {
  rpc count() -> int
  rpc total() -> int
}
""",
    wrong_package="shop.purchases.v1",
    remedy=(
        "Keep the old package beside the new one until nobody uses it: `shop.orders.v1` and `shop.orders.v2` "
        "are two packages."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for old, new in comparison.packages.guessed:
        is_live = any(isinstance(each, model.Service | model.Event) for each in old.declarations)
        yield Finding(
            category=Category.BROKER if is_live else Category.SOURCE,
            thing=(new, ""),
            message=f"the package `{old.name}` is called `{new.name}` now",
            breaks="old callers and subscribers look for the old name"
            if is_live
            else "code that imports the old name no longer runs",
            remedy="keep the old package beside the new one until nobody uses it",
            span=new.span,
            old_line=f"package {old.name}",
            old_span=old.span,
        )


RULE = Rule(page=PAGE, check=check)
