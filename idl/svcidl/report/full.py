"""The format `full`: each finding with its lines, marks and remedies, for people."""

from collections.abc import Callable, Mapping, Sequence

from svcidl.diagnostics import Diagnostic, Note, Severity
from svcidl.report.display import visible
from svcidl.report.excerpt import Row, excerpt
from svcidl.source import SourceFile, Span

Paint = Callable[[str, str], str]
"""Gives a text the look of its role: `error`, `warning`, `title`, `gutter`, `note` or `help`."""

WIDTH = 140
"""Cells of a row where there is no terminal that says otherwise."""


def plain(text: str, _role: str) -> str:
    """Leave a text as it is: the `Paint` of files and pipes."""
    return text


def full(
    diagnostics: Sequence[Diagnostic],
    sources: Mapping[str, SourceFile],
    *,
    paint: Paint = plain,
    columns: int = WIDTH,
) -> str:
    """Return every diagnostic with its lines, marks and remedies, then a count; "" for none.

    Args:
        sources: the files that spans name; what is missing is not quoted.
        paint: how roles look.
        columns: cells of a row; longer lines of the files are cut.
    """
    if not diagnostics:
        return ""
    shown = [_Finding(found, sources, paint, columns).text() for found in diagnostics]
    return "\n\n".join([*shown, _painted_count(diagnostics, paint)])


def count(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the last line of a run: `error: 3 errors, 1 warning in 2 files`."""
    errors = sum(found.severity is Severity.ERROR for found in diagnostics)
    warnings = len(diagnostics) - errors
    files = len({found.span.file for found in diagnostics})
    parts = [_plural(number, noun) for number, noun in ((errors, "error"), (warnings, "warning")) if number]
    return f"{'error' if errors else 'warning'}: {', '.join(parts)} in {_plural(files, 'file')}"


def place(span: Span) -> str:
    """Return `file:line:column`."""
    return f"{visible(span.file)}:{span.line}:{span.column}"


def _painted_count(diagnostics: Sequence[Diagnostic], paint: Paint) -> str:
    severity, _, rest = count(diagnostics).partition(":")
    return paint(severity, severity) + paint(f":{rest}", "title")


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class _Finding:
    """Draws one diagnostic."""

    def __init__(self, found: Diagnostic, sources: Mapping[str, SourceFile], paint: Paint, columns: int) -> None:
        self._found = found
        self._sources = sources
        self._paint = paint
        spans = [found.span, *(note.span for note in found.notes)]
        digits = [len(str(span.end_line)) for span in spans if self._quoted(span) is not None]
        self._margin = " " * max(digits, default=1)
        self._limit = columns - len(self._margin) - len(" |   ")

    def text(self) -> str:
        found = self._found
        head = self._paint(f"{found.severity.value}[{found.code}]", found.severity.value)
        lines = [head + self._paint(f": {visible(found.message)}", "title")]
        lines.append(self._margin + self._paint("-->", "gutter") + f" {place(found.span)}")
        lines += self._lines(found.span, visible(found.label), "^", found.severity.value)
        remarks = []
        for note in found.notes:
            quoted = self._note(note)
            lines += quoted
            remarks += [] if quoted else [("note", f"{note.message} ({place(note.span)})")]
        if found.category:
            remarks.append(("note", f"category {found.category}"))
        remarks += [("help", remedy) for remedy in found.help]
        return "\n".join([*lines, *self._remarks(remarks)])

    def _quoted(self, span: Span) -> SourceFile | None:
        """Return the file to quote; None where it is unknown, or where the span is a file as a whole."""
        return self._sources.get(span.file) if span.end > 0 else None

    def _lines(self, span: Span, label: str, mark: str, role: str) -> list[str]:
        source = self._quoted(span)
        if source is None:
            return []
        rows = excerpt(source, span, label=label, mark=mark, limit=self._limit)
        return [self._gutter(None), *(self._row(row, role) for row in rows)]

    def _row(self, row: Row, role: str) -> str:
        text = row.text
        if row.mark is not None:
            text = text[: row.mark] + self._paint(text[row.mark :], role)
        return f"{self._gutter(row.number)} {text}".rstrip()

    def _gutter(self, number: int | None) -> str:
        text = self._margin if number is None else str(number).rjust(len(self._margin))
        return self._paint(f"{text} |", "gutter")

    def _note(self, note: Note) -> list[str]:
        quoted = self._lines(note.span, visible(note.message), "-", "note")
        return [self._margin + self._paint(":::", "gutter") + f" {place(note.span)}", *quoted] if quoted else []

    def _remarks(self, remarks: Sequence[tuple[str, str]]) -> list[str]:
        if not remarks:
            return []
        rows = [
            f"{self._margin} {self._paint('=', 'gutter')} {self._paint(f'{kind}:', kind)} {visible(text)}"
            for kind, text in remarks
        ]
        is_quoted = self._quoted(self._found.span) is not None
        return [self._gutter(None), *rows] if is_quoted else rows
