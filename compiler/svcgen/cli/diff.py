"""Prints what would change in a file."""

import difflib
import io

import click

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def print_diff(path: str, before: str, after: str) -> None:
    """Print the unified diff of two texts of one file, in colour on a terminal."""
    # Lines end in LF alone: other marks that Python splits at may stand in strings.
    old, new = (list(io.StringIO(text, newline="\n")) for text in (before, after))
    for line in difflib.unified_diff(old, new, path, path):
        end = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        click.echo(click.style(line, fg=_COLOURS.get(line[0])) + end, nl=False)
