"""A version in the package's name lets a second version live beside the first."""

import re
from collections.abc import Iterator

from svcidl.explanation import Explanation
from svcidl.lint.context import Context
from svcidl.lint.rule import Problem, Rule, selected

_VERSION = re.compile(r"v[1-9][0-9]*(?:(?:alpha|beta)[1-9][0-9]*)?")


def package_version(context: Context) -> Iterator[Problem]:
    """Find packages whose last segment is no version."""
    for unit in context.units:
        last = unit.tree.package.parts[-1]
        if not _VERSION.fullmatch(last.text):
            message = f"package `{unit.package}` has no version at its end"
            yield Problem(span=last.span, message=message, help=(f"call it `{unit.package}.v1`",))


RULE = Rule(
    find=package_version,
    page=Explanation(
        code="L0109",
        name="package-version",
        tags=("opt-in",),
        title="A package ends in no version.",
        meaning="A change that breaks callers needs a second version that runs beside the first until all have moved. "
        "With the version in the package's name (`v1`, `v2`, `v1beta1`) that is a new file; without it, it is "
        "a rename of everything.",
        wrong=selected("package-version", "package shop.orders"),
        right=selected("package-version", "package shop.orders.v1"),
        remedy="Add a last segment `v1`.",
    ),
)
