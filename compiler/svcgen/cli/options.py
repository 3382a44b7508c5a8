"""Options and arguments that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from svcgen.cli.diagnostics import COLOR

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

FORMATS = ("full", "concise", "json", "github", "sarif")


def files_argument(command: CommandT) -> CommandT:
    """Add the files and folders to work on."""
    argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
    return argument(command)


def optional_files_argument(command: CommandT) -> CommandT:
    """Add the files and folders to work on: the current folder where none is given."""
    argument = click.argument(
        "files", metavar="[FILE...]", nargs=-1, type=click.Path(path_type=Path), callback=_or_this_folder
    )
    return argument(command)


def _or_this_folder(_context: click.Context, _argument: click.Parameter, files: tuple[Path, ...]) -> tuple[Path, ...]:
    return files or (Path(),)


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
    """Add the format in which diagnostics are printed, as `form`, and whether in colour, which `show` looks up."""
    form = click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="full",
        show_default=True,
        help="How findings are printed; json, github and sarif go to standard output.",
    )
    color = click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        show_default=True,
        expose_value=False,
        callback=_keep_color,
        help="Colours of the format full; auto means on a terminal.",
    )
    return form(color(command))


def _keep_color(context: click.Context, _option: click.Parameter, choice: str) -> None:
    context.meta[COLOR] = choice
