"""`check`: find the mistakes in IDL files."""

from pathlib import Path

import click

from svcgen.cli.diagnostics import show
from svcgen.cli.exit_codes import FINDINGS
from svcgen.cli.options import files_argument, format_option, include_option
from svcgen.pipeline import check_files

EPILOG = """\b
Examples:
  svcgen check orders.idl
  svcgen check contracts/ --format concise
"""


@click.command(epilog=EPILOG)
@files_argument
@include_option
@format_option
def command(files: tuple[Path, ...], include: tuple[Path, ...], form: str) -> int:
    """Check FILE, a `.idl` file or a folder of them, and all that it imports. Exit code 1 tells of mistakes."""
    checked = check_files(files, include=include)
    show(checked.diagnostics, checked.sources, form)
    if checked.model is None:
        return FINDINGS
    if not checked.diagnostics:
        count = len(checked.sources)
        click.echo(f"no mistakes in {count} {'file' if count == 1 else 'files'}", err=True)
    return 0
