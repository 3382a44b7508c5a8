"""`compile`: write the packages of IDL files."""

from pathlib import Path

import click

from svcgen.cli.diagnostics import show
from svcgen.cli.exit_codes import COULD_NOT_RUN, FINDINGS
from svcgen.cli.options import files_argument, format_option, include_option
from svcgen.pipeline import compile_files
from svcgen.targets import PYTHON, TargetError
from svcgen.write import Changes, WriteError

EPILOG = """\b
Examples:
  svcgen compile greeter.idl
  svcgen compile contracts/ --out src --include ../contracts
  svcgen compile contracts/ --out src --check
  svcgen compile contracts/ --target openapi --out build
  svcgen compile contracts/ --target python=src --target openapi=docs/api
"""


@click.command(epilog=EPILOG)
@files_argument
@click.option(
    "--out",
    default=".",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder that packages are imported from.  [default: the current one]",
)
@include_option
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME[=DIR]",
    callback=lambda _context, _option, given: _targets(given),
    help="What to write: python, openapi, jsonschema, or one of a plug-in, in a folder of its own or in that of "
    "--out; may be repeated.  [default: python]",
)
@click.option("--check", "is_check", is_flag=True, help="Write nothing; list what differs and exit 1.")
@format_option
def command(
    files: tuple[Path, ...],
    out: Path,
    include: tuple[Path, ...],
    targets: dict[str, Path | None],
    is_check: bool,
    form: str,
) -> int:
    """Write typed Python for FILE, a `.idl` file or a folder of them, and for all that it imports.

    `package acme.orders.v1` becomes `acme/orders/v1/` in the output folder. With any mistake nothing is written.
    """
    try:
        compiled = compile_files(files, out=out, include=include, targets=targets, dry_run=is_check)
    except (TargetError, WriteError) as error:
        click.echo(f"Error: {error}", err=True)
        return COULD_NOT_RUN
    show(compiled.diagnostics, compiled.sources, form)
    if compiled.changes is None:
        return FINDINGS
    if is_check:
        return _show_check(compiled.changes)
    click.echo(_summary(compiled.changes, out), err=True)
    return 0


def _targets(given: tuple[str, ...]) -> dict[str, Path | None]:
    """Read `NAME` and `NAME=DIR`."""
    targets: dict[str, Path | None] = {}
    for each in given or (PYTHON,):
        name, equals, folder = each.partition("=")
        if name in targets:
            raise click.BadParameter(f"`{name}` is given twice")
        if equals and not folder:
            raise click.BadParameter(f"`{each}` names no folder")
        targets[name] = Path(folder) if folder else None
    return targets


def _show_check(changes: Changes) -> int:
    for path in changes.written:
        click.echo(f"differs: {path}", err=True)
    for path in changes.removed:
        click.echo(f"stale: {path}", err=True)
    if changes.is_fresh:
        click.echo(f"{_count(len(changes.unchanged))} up to date", err=True)
        return 0
    click.echo("run the same command without --check to bring them up to date", err=True)
    return FINDINGS


def _summary(changes: Changes, out: Path) -> str:
    parts = [f"{_count(len(changes.written))} written" if changes.written else ""]
    parts.append(f"{_count(len(changes.unchanged))} unchanged" if changes.unchanged else "")
    parts.append(f"{_count(len(changes.removed))} removed" if changes.removed else "")
    packages = sorted({path.rpartition("/")[0] for path in (*changes.written, *changes.unchanged)})
    shown = ", ".join(packages) if len(packages) <= 4 else f"{len(packages)} packages"
    return f"{', '.join(filter(None, parts))} in {out.as_posix()}: {shown}"


def _count(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
