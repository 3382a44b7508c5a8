"""Options and arguments that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

FORMATS = ("full", "concise", "json")


def files_argument(command: CommandT) -> CommandT:
    """Add the files and folders to work on."""
    argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
    return argument(command)


def include_option(command: CommandT) -> CommandT:
    """Add the folders in which imports are looked up."""
    option = click.option(
        "--include",
        multiple=True,
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Look imports up here, too; may be repeated.",
    )
    return option(command)


def format_option(command: CommandT) -> CommandT:
    """Add the form in which diagnostics are printed."""
    option = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="full",
        show_default=True,
        help="How mistakes are printed; json goes to standard output.",
    )
    return option(command)
