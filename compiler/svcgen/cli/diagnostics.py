"""Prints diagnostics: what machines read goes to standard output, what people read to standard error."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

import click

from svcidl.diagnostics import Diagnostic
from svcidl.source import SourceFile

COLOR = "svcgen.color"
"""Where the context of a command keeps what `--color` says."""

_STYLES: Mapping[str, Mapping[str, str | bool]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
    "title": {"bold": True},
    "gutter": {"fg": "blue", "bold": True},
    "note": {"fg": "cyan", "bold": True},
    "help": {"fg": "green", "bold": True},
}
_NARROWEST = 60


def show(diagnostics: Sequence[Diagnostic], sources: Mapping[str, SourceFile], form: str) -> None:
    """Print `diagnostics` in one of the formats `full`, `concise`, `json`, `github`, `sarif`.

    Without diagnostics nothing is printed, but for `sarif`, whose readers expect a log of every run.
    """
    if form == "sarif":
        _write(_sarif(diagnostics))
    elif diagnostics and form in ("json", "github"):
        from svcidl import report

        _write((report.as_json if form == "json" else report.github)(diagnostics))
    elif diagnostics:
        _show_to_people(diagnostics, sources, form)


def _show_to_people(diagnostics: Sequence[Diagnostic], sources: Mapping[str, SourceFile], form: str) -> None:
    from svcidl import report

    if form == "concise":
        click.echo(report.concise(diagnostics), err=True)
        return
    is_coloured = wants_color()
    text = report.full(
        diagnostics, sources, paint=_paint if is_coloured else report.plain, columns=_columns() or report.WIDTH
    )
    click.echo(text, err=True, color=is_coloured)


def wants_color(stream: TextIO | None = None) -> bool:
    """Tell whether a stream takes colours: standard error if None.

    `--color` decides; else NO_COLOR (https://no-color.org) and FORCE_COLOR (https://force-color.org); else a terminal
    does, unless TERM is `dumb`.
    """
    context = click.get_current_context(silent=True)
    choice = context.meta.get(COLOR, "auto") if context is not None else "auto"
    if choice != "auto":
        return bool(choice == "always")
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or ((stream or sys.stderr).isatty() and os.environ.get("TERM") != "dumb")


def _columns() -> int | None:
    """Return how wide the terminal is, None where standard error is none."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return None
    return max(columns, _NARROWEST) if columns else None


def _paint(text: str, role: str) -> str:
    style = _STYLES[role]
    foreground = style.get("fg")
    return click.style(text, fg=foreground if isinstance(foreground, str) else None, bold=bool(style.get("bold")))


def _sarif(diagnostics: Sequence[Diagnostic]) -> str:
    from importlib.metadata import version

    from svcidl.explanations import explain
    from svcidl.report.sarif import sarif

    return sarif(diagnostics, explain=explain, tool_version=version("svcgen"), folder=os.getcwd())


def _write(text: str) -> None:
    # UTF-8 whatever the locale is. A path that is no text holds lone surrogates, which become `\udcff`: in JSON that
    # is how they are written.
    click.echo(text.encode("utf-8", errors="backslashreplace"))
