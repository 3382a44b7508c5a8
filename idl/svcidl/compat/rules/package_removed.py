"""B0136: A package is gone."""

from collections.abc import Iterator

from svcidl import model
from svcidl.compat.comparison import Comparison
from svcidl.compat.finding import Category, Finding, Rule, page
from svcidl.diagnostics import at_file

PAGE = page(
    code="B0136",
    name="package-removed",
    tags=(
        Category.BROKER,
        Category.SOURCE,
    ),
    title="A package was removed.",
    meaning=(
        "Full names begin with the package: services, events and their queues are gone with it (BROKER), or "
        "only generated classes (SOURCE). Packages are what counts, not files: a file may move and be "
        "renamed."
    ),
    before="""\
service Orders { rpc count() -> int }
""",
    wrong="""\
service Reports { rpc total() -> int }
""",
    right="""\
service Orders {
  rpc count() -> int
  rpc total() -> int
}
""",
    wrong_package="shop.reports.v1",
    remedy=(
        "Keep the old package beside the new one until nobody uses it: `shop.orders.v1` and `shop.orders.v2` "
        "are two packages."
    ),
)


def check(comparison: Comparison) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for package in comparison.packages.removed:
        # What was only imported, and is no longer, need not be gone.
        if not package.requested:
            continue
        is_live = any(isinstance(each, model.Service | model.Event) for each in package.declarations)
        yield Finding(
            category=Category.BROKER if is_live else Category.SOURCE,
            thing=(package, ""),
            message=f"the package `{package.name}` was removed",
            breaks="callers and subscribers of its services find nobody"
            if is_live
            else "code that imports it no longer runs",
            remedy="keep it beside a new one until nobody uses it",
            span=at_file(comparison.new.packages[0].path),
            old_line=f"package {package.name}",
            old_span=package.span,
        )


RULE = Rule(page=PAGE, check=check)
