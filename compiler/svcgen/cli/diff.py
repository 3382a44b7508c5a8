"""Prints what would change in a file."""

import io
import sys

import click

from svcgen.cli.diagnostics import wants_color

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def print_diff(path: str, before: str, after: str) -> None:
    """Print the unified diff of two texts of one file."""
    import difflib

    # Lines end in LF alone: other marks that Python splits at may stand in strings.
    old, new = (list(io.StringIO(text, newline="\n")) for text in (before, after))
    is_coloured = wants_color(sys.stdout)
    for line in difflib.unified_diff(old, new, path, path):
        colour = _COLOURS.get(line[0]) if is_coloured else None
        end = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        # UTF-8 whatever the locale is, and a path that is no text as it is.
        text = (click.style(line, fg=colour) if colour else line) + end
        click.echo(text.encode(errors="surrogateescape"), nl=False)
