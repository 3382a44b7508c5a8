"""One finding of a rule, and what a rule is."""

import enum
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from svcidl.compat.comparison import Comparison
from svcidl.diagnostics import Diagnostic, Note
from svcidl.explanation import Explanation, example
from svcidl.source import Span


class Category(enum.StrEnum):
    """What breaks, the gravest first."""

    WIRE = "WIRE"
    """A message of one version is refused or misread by the other."""
    BROKER = "BROKER"
    """Queues, bindings or names on the broker no longer meet; messages wait for nobody, or come twice."""
    ROUTE = "ROUTE"
    """An HTTP request of an old client fails, or its answer is another."""
    SOURCE = "SOURCE"
    """Code that was written against the old generated classes no longer runs or type-checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One change that breaks somebody.

    Attributes:
        category: what breaks.
        thing: what the change is about; of several findings about one thing the gravest is told.
        message: what changed, names in backquotes.
        breaks: who breaks and how.
        remedy: what to do instead.
        span: the new place; of what is gone, that of what held it.
        old_line, old_span: as it was, and where.
        label: what stands under the caret.
    """

    category: Category
    thing: tuple[object, str]
    message: str
    breaks: str
    remedy: str
    span: Span
    old_line: str
    old_span: Span
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its page, and what it finds."""

    page: Explanation
    check: Callable[[Comparison], Iterator[Finding]]

    @property
    def code(self) -> str:
        """The stable code of what it finds."""
        return self.page.code


def diagnostic(code: str, found: Finding) -> Diagnostic:
    """Return a finding as a diagnostic: its message says who breaks, its note is the old line."""
    return Diagnostic(
        code=code,
        message=f"{found.message}: {found.breaks}",
        span=found.span,
        label=found.label,
        help=(found.remedy,),
        notes=(Note(message=f"before: `{found.old_line}`", span=found.old_span),),
        category=found.category.value,
    )


_WIDTH = 120
"""Of a page, on a terminal and in Markdown."""

COMMAND = "svcgen breaking after/orders.idl --against before/orders.idl --format concise"


def page(
    *,
    code: str,
    name: str,
    tags: tuple[Category, ...],
    title: str,
    meaning: str,
    before: str,
    wrong: str,
    right: str,
    remedy: str,
    wrong_package: str = "shop.orders.v1",
) -> Explanation:
    """Return the page of a rule; the three texts are one file before the change, after it, and put right.

    Args:
        code: stable.
        name: by which the rule can be called too.
        tags: the categories of its findings.
        title: one sentence.
        meaning: what breaks and why.
        before: the old file, without its package line.
        wrong: the new file that breaks.
        right: the new file that does not.
        remedy: what to do.
        wrong_package: the package of the file that breaks.
    """
    package = "shop.orders.v1"
    old, bad, good = (
        f"// {folder}/orders.idl\npackage {name_of}\n\n{text.strip()}"
        for folder, name_of, text in (
            ("before", package, before),
            ("after", wrong_package, wrong),
            ("after", package, right),
        )
    )
    return Explanation(
        code=code,
        name=name,
        tags=tuple(tag.value for tag in tags),
        title=title,
        meaning=_filled(meaning),
        wrong=example(old, bad, run=COMMAND),
        right=example(old, good, run=COMMAND),
        remedy=_filled(remedy),
    )


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
