"""All rules by code and by name, those included that other stages or the linter itself report."""

from collections.abc import Mapping

from svcidl.explanation import Explanation
from svcidl.lint.rules import RULES, faulty_suppression, unused_suppression

STRAY_DOCUMENTATION = "L0101"
"""Reported by the parser, and by `svcgen check`, which runs no rules; its page is in svcidl/explanations."""

PAGES: tuple[Explanation, ...] = (unused_suppression.PAGE, faulty_suppression.PAGE, *(rule.page for rule in RULES))
"""The pages of all rules but the parser's."""

KNOWN: Mapping[str, str] = {STRAY_DOCUMENTATION: "stray-documentation", **{page.code: page.name for page in PAGES}}
"""The name of every code."""

DEFAULT_CODES = frozenset(KNOWN) - {rule.code for rule in RULES if not rule.is_default}
"""What is on unasked."""

_CODES = {name: code for code, name in KNOWN.items()}


def code_of(name: str) -> str | None:
    """Return the code of a rule that is called by code or name, None if there is none."""
    return name.upper() if name.upper() in KNOWN else _CODES.get(name)
