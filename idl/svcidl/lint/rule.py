"""What a rule of the linter is: a page, and a function that finds what the page tells of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from svcidl.diagnostics import Diagnostic, Edit, Fix, Note
from svcidl.explanation import Explanation, example
from svcidl.lint.context import Context
from svcidl.source import Span

OPT_IN = "opt-in"
FIXABLE = "fixable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding of a rule; what it says of itself is as in `Diagnostic`."""

    span: Span
    message: str
    label: str = ""
    help: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    fixes: tuple[Fix, ...] = ()


Find = Callable[[Context], Iterable[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. It is on by default unless its page has the tag `opt-in`."""

    page: Explanation
    find: Find

    @property
    def code(self) -> str:
        """The stable code, as L0112."""
        return self.page.code

    @property
    def name(self) -> str:
        """The name that `--select` and suppressions take as well, as `unused-import`."""
        return self.page.name

    @property
    def is_default(self) -> bool:
        """Whether it is on unasked."""
        return OPT_IN not in self.page.tags

    def run(self, context: Context) -> Iterable[Diagnostic]:
        """Yield what the rule finds in the requested files."""
        for problem in self.find(context):
            yield Diagnostic(
                code=self.code,
                message=problem.message,
                span=problem.span,
                label=problem.label,
                help=problem.help,
                notes=problem.notes,
                fixes=problem.fixes,
            )


def selected(name: str, text: str) -> str:
    """Return an example of a rule that is off by default, with the command that turns it on."""
    return example(text, run=f"svcgen lint example.idl --select {name} --format concise")


def replacement(message: str, span: Span, text: str, *, is_safe: bool = False) -> tuple[Fix, ...]:
    """Return the one fix that replaces one piece of text."""
    return (Fix(message=message, edits=(Edit(span=span, text=text),), is_safe=is_safe),)
