"""What is wrong and where, as data: diagnostics, and the table of their stable codes."""

import enum
from dataclasses import dataclass

from svcidl.codes import is_code
from svcidl.source import Span


class Severity(enum.StrEnum):
    """An error prevents a model; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A second place that explains the first."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One piece of text to replace; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A remedy that a tool can carry out.

    Attributes:
        message: what it does, as an order: "remove the import".
        edits: of one or more files, none overlapping.
        is_safe: it cannot change what the contract means, so that `--fix` may do it unasked.
    """

    message: str
    edits: tuple[Edit, ...]
    is_safe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding.

    Attributes:
        code: stable, of the table of codes or of a rule; codes with L are warnings.
        message: what is wrong, one line, in the user's words, names in backquotes.
        span: where; in a file that could not be read, its first column.
        label: what stands under the caret, may be empty.
        help: remedies, most likely first.
        notes: further places.
        fixes: remedies that a tool can carry out, most likely first.
        category: what a family divides its codes into, as WIRE for a breaking change; may be empty.
    """

    code: str
    message: str
    span: Span
    label: str = ""
    help: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    fixes: tuple[Fix, ...] = ()
    category: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no code: raises ValueError."""
        if not is_code(self.code):
            raise ValueError(f"{self.code} is no diagnostic code")

    @property
    def severity(self) -> Severity:
        """The severity, which the code decides."""
        return Severity.WARNING if self.code.startswith("L") else Severity.ERROR


def at_file(path: str) -> Span:
    """Return the span of a file as a whole, for what has no place inside it."""
    return Span(file=path, start=0, end=0, line=1, column=1, end_line=1, end_column=1)


def has_errors(diagnostics: "tuple[Diagnostic, ...] | list[Diagnostic]") -> bool:
    """Tell whether any of them is an error."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def in_order(diagnostics: "list[Diagnostic]", files: "list[str]") -> "tuple[Diagnostic, ...]":
    """Return diagnostics in the order of `files` and by place, each once; files not listed come first."""
    rank = {path: number for number, path in enumerate(files)}
    unique = {(found.span.file, found.span.start, found.code, found.message): found for found in reversed(diagnostics)}
    return tuple(
        sorted(
            unique.values(),
            key=lambda found: (
                rank.get(found.span.file, -1),
                found.span.start,
                found.span.end,
                found.code,
                found.message,
            ),
        )
    )
