"""Prints diagnostics: JSON is data and goes to standard output, everything else to standard error."""

from collections.abc import Mapping, Sequence

import click

from svcidl import report
from svcidl.diagnostics import Diagnostic
from svcidl.source import SourceFile


def show(diagnostics: Sequence[Diagnostic], sources: Mapping[str, SourceFile], form: str) -> None:
    """Print `diagnostics` in the form `full`, `concise` or `json`."""
    if not diagnostics:
        return
    if form == "json":
        click.echo(report.as_json(diagnostics))
    elif form == "concise":
        click.echo(report.concise(diagnostics), err=True)
    else:
        click.echo(report.full(diagnostics, sources), err=True)
