"""A suppression without a reason cannot be judged later, and one that names no rule does nothing."""

from svcidl.explanation import Explanation, example

PAGE = Explanation(
    code="L0103",
    name="faulty-suppression",
    title="A suppression lacks its reason, or names no rule.",
    meaning="A suppression is `// svcgen: allow CODE the reason`, at the end of a line or above what it is about; `// "
    "svcgen: allow-file CODE the reason` stands above `package` and holds for the file. Rules are named by "
    "code or by name, several with commas. The reason is for whoever asks later whether the suppression may "
    "go.",
    wrong=example(
        """
package shop.v1

struct Line {
  price: float // svcgen: allow float-for-money
}
"""
    ),
    right=example(
        """
package shop.v1

struct Line {
  price: float // svcgen: allow float-for-money the legacy system sends floats
}
"""
    ),
    remedy="Write the reason behind the rule, and the rule as `svcgen lint --rules` spells it.",
)
