"""The formats of one line per finding: `concise` for people and editors, `json` and `github` for machines."""

import json
from collections.abc import Iterable

from svcidl.diagnostics import Diagnostic, Fix
from svcidl.report.display import visible
from svcidl.report.full import place
from svcidl.source import Span

SCHEMA = 1
"""Version of the JSON form."""


def concise(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one line each: `file:line:column: error[E0201]: message`."""
    return "\n".join(
        f"{place(found.span)}: {found.severity.value}[{found.code}]: {visible(found.message)}{_category(found)}"
        for found in diagnostics
    )


def _category(found: Diagnostic) -> str:
    return f" ({found.category})" if found.category else ""


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one JSON object per line; lines and columns are 1-based, columns count code points, ends are exclusive.

    `category`, `notes` and `fixes` are there only where a finding has them.
    """
    return "\n".join(json.dumps(_fields(found), ensure_ascii=False) for found in diagnostics)


def _fields(found: Diagnostic) -> dict[str, object]:
    fields: dict[str, object] = {
        "code": found.code,
        "severity": found.severity.value,
        **_region(found.span),
        "message": found.message,
        "help": list(found.help),
        "schema": SCHEMA,
    }
    if found.category:
        fields["category"] = found.category
    if found.notes:
        fields["notes"] = [{"message": note.message, **_region(note.span)} for note in found.notes]
    if found.fixes:
        fields["fixes"] = [_fix(fix) for fix in found.fixes]
    return fields


def _fix(fix: Fix) -> dict[str, object]:
    edits = [{**_region(edit.span), "text": edit.text} for edit in fix.edits]
    return {"message": fix.message, "is_safe": fix.is_safe, "edits": edits}


def _region(span: Span) -> dict[str, object]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one workflow command each, which GitHub Actions shows beside the line in a pull request.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    return "\n".join(map(_command, diagnostics))


def _command(found: Diagnostic) -> str:
    span = found.span
    properties = {"title": f"{found.code}{_category(found)}", "file": span.file}
    if span.end > 0:
        properties |= {"line": str(span.line), "endLine": str(span.end_line)}
        # GitHub takes columns only for a piece of one line.
        if span.end_line == span.line:
            properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = "\n".join([found.message, *(f"help: {remedy}" for remedy in found.help)])
    return f"::{found.severity.value} {listed}::{_data(text)}"


def _data(text: str) -> str:
    # As `escapeData` and `escapeProperty` of actions/toolkit (packages/core/src/command.ts).
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
