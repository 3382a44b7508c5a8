"""`lsp`: the language server, for editors."""

import importlib.util
import sys
from pathlib import Path

import click

from svcgen.cli.exit_codes import COULD_NOT_RUN
from svcgen.cli.options import include_option

EPILOG = """\b
Examples:
  svcgen lsp
  svcgen lsp --include vendor/contracts

\b
Editors start it and speak to it on standard input and output; docs/editors.md has settings for
VS Code, Neovim, Emacs and PyCharm.
"""


@click.command(epilog=EPILOG)
@include_option
@click.option("--stdio", is_flag=True, expose_value=False, help="Speak on standard input and output: always done.")
def command(include: tuple[Path, ...]) -> int:
    """Serve editors: mistakes as you type, completion, hover, definitions, renaming, formatting."""
    if importlib.util.find_spec("pygls") is None:
        click.echo("Error: the language server needs pygls: run `pip install 'svcgen[lsp]'`", err=True)
        return COULD_NOT_RUN
    if sys.stdin.isatty():
        click.echo("svcgen lsp waits for an editor on standard input; Ctrl+C ends it", err=True)
    from svcgen.lsp.features import make_server

    make_server(include=tuple(str(folder.absolute()) for folder in include)).start_io()
    return 0
