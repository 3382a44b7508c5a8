"""Findings in the form of the protocol."""

from lsprotocol import types

from svcgen.lsp.view import View
from svcidl.diagnostics import Diagnostic, Severity
from svcidl.lint.known import KNOWN

_SEVERITY = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}


def published(view: View) -> list[types.Diagnostic]:
    """Return what is wrong with a file."""
    return [converted(view, found) for found in view.analysis.diagnostics if found.span.file == view.source.path]


def converted(view: View, found: Diagnostic) -> types.Diagnostic:
    """Return one finding, its remedies below its message and its further places beside it."""
    lines = [found.message + (f": {found.label}" if found.label else ""), *(f"help: {line}" for line in found.help)]
    return types.Diagnostic(
        range=view.range(found.span),
        message="\n".join(lines),
        severity=_SEVERITY[found.severity],
        code=found.code,
        source="svcgen",
        tags=_tags(found.code),
        related_information=[
            types.DiagnosticRelatedInformation(location=view.location(note.span), message=note.message)
            for note in found.notes
        ],
    )


def _tags(code: str) -> list[types.DiagnosticTag]:
    """Return what greys a name out or strikes it through."""
    name = KNOWN.get(code, "")
    if name.startswith("unused-") and name != "unused-suppression":
        return [types.DiagnosticTag.Unnecessary]
    return [types.DiagnosticTag.Deprecated] if name.startswith("deprecated-") else []
