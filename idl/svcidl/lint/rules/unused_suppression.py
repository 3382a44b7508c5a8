"""A suppression that suppresses nothing hides the next finding that nobody knows of yet."""

from svcidl.explanation import Explanation, example

PAGE = Explanation(
    code="L0102",
    name="unused-suppression",
    tags=("fixable",),
    title="A suppression suppresses nothing.",
    meaning="A comment allows what a rule would find, but the rule finds nothing there: what it was written for is "
    "gone, or the comment stands in the wrong place. Left there it would hide the next finding, which nobody "
    "has judged. A suppression of a rule that this run does not use is not reported.",
    wrong=example(
        """
package shop.v1

// svcgen: allow float-for-money prices come as floats from the legacy system
struct Line { sku: str, price: decimal(12, 2) }
"""
    ),
    right=example(
        """
package shop.v1

struct Line { sku: str, price: decimal(12, 2) }
"""
    ),
    remedy="Remove it; `svcgen lint --fix` does.",
)
