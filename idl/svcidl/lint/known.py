"""All rules by code and by name, those included that other stages or the linter itself report."""

import dataclasses
import textwrap
from collections.abc import Mapping

from svcidl.explanation import Explanation
from svcidl.lint.rules import RULES, faulty_suppression, unused_suppression

STRAY_DOCUMENTATION = "L0101"
"""Reported by the parser, and by `svcgen check`, which runs no rules; its page is in svcidl/explanations."""

_WIDTH = 120


def _filled(page: Explanation) -> Explanation:
    """Return a page with the lines of its prose filled: rules write a paragraph as one string."""
    return dataclasses.replace(page, meaning=_fill(page.meaning), remedy=_fill(page.remedy))


def _fill(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


PAGES: tuple[Explanation, ...] = tuple(
    _filled(page) for page in (unused_suppression.PAGE, faulty_suppression.PAGE, *(rule.page for rule in RULES))
)
"""The pages of all rules but the parser's."""

KNOWN: Mapping[str, str] = {STRAY_DOCUMENTATION: "stray-documentation", **{page.code: page.name for page in PAGES}}
"""The name of every code."""

DEFAULT_CODES = frozenset(KNOWN) - {rule.code for rule in RULES if not rule.is_default}
"""What is on unasked."""

_CODES = {name: code for code, name in KNOWN.items()}


def code_of(name: str) -> str | None:
    """Return the code of a rule that is called by code or name, None if there is none."""
    return name.upper() if name.upper() in KNOWN else _CODES.get(name)
