"""Turns diagnostics into text or JSON. The one place that does; only the command line prints."""

import json
from collections.abc import Iterable, Mapping, Sequence

from svcidl.diagnostics import Diagnostic, Severity
from svcidl.source import SourceFile, Span

SCHEMA = 1
"""Version of the JSON form."""


def full(diagnostics: Sequence[Diagnostic], sources: Mapping[str, SourceFile]) -> str:
    """Return every diagnostic with its line, caret and remedies, then a count; "" for none."""
    if not diagnostics:
        return ""
    return "\n\n".join([*(_full(found, sources) for found in diagnostics), count(diagnostics)])


def concise(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one line each: `file:line:column: error[E0201]: message`."""
    return "\n".join(
        f"{_place(found.span)}: {found.severity.value}[{found.code}]: {found.message}" for found in diagnostics
    )


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one JSON object per line; columns are 1-based and count code points."""
    return "\n".join(json.dumps(_fields(found), ensure_ascii=False) for found in diagnostics)


def count(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the last line of a run: `error: 3 errors, 1 warning in 2 files`."""
    errors = sum(found.severity is Severity.ERROR for found in diagnostics)
    warnings = len(diagnostics) - errors
    files = len({found.span.file for found in diagnostics})
    parts = [_plural(number, noun) for number, noun in ((errors, "error"), (warnings, "warning")) if number]
    return f"{'error' if errors else 'warning'}: {', '.join(parts)} in {_plural(files, 'file')}"


def _full(found: Diagnostic, sources: Mapping[str, SourceFile]) -> str:
    lines = [f"{found.severity.value}[{found.code}]: {found.message}", f"  --> {_place(found.span)}"]
    source = sources.get(found.span.file)
    margin = " " * len(str(found.span.line))
    if source is not None and found.span.end > 0:
        lines += _excerpt(found, source, margin)
    lines += [f"{margin} = note: {note.message} ({_place(note.span)})" for note in found.notes]
    lines += [f"{margin} = help: {remedy}" for remedy in found.help]
    return "\n".join(lines)


def _excerpt(found: Diagnostic, source: SourceFile, margin: str) -> list[str]:
    span = found.span
    text = source.line(span.line)
    end = span.end_column if span.end_line == span.line else len(text) + 1
    # Tabs before the caret stay tabs, so that it stands under its place however wide a terminal makes them.
    indent = "".join("\t" if char == "\t" else " " for char in text[: span.column - 1])
    caret = f"{margin} | {indent}{'^' * max(1, end - span.column)} {found.label}".rstrip()
    return [f"{margin} |", f"{span.line} | {text}".rstrip(), caret]


def _fields(found: Diagnostic) -> dict[str, object]:
    span = found.span
    return {
        "code": found.code,
        "severity": found.severity.value,
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "message": found.message,
        "help": list(found.help),
        "schema": SCHEMA,
    }


def _place(span: Span) -> str:
    return f"{span.file}:{span.line}:{span.column}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
