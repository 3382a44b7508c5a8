"""`compile`: write the packages of IDL files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from svcgen.cache import Asked, Cache, default_folder
from svcgen.cli.diagnostics import show
from svcgen.cli.exit_codes import COULD_NOT_RUN, FINDINGS
from svcgen.cli.options import files_argument, format_option, include_option
from svcgen.targets import BUILT_IN, PYTHON, TargetError

if TYPE_CHECKING:
    from svcgen.cli.watching import Read
    from svcgen.pipeline import Compiled

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
    help="What to write: python, openapi, asyncapi, jsonschema, or what a plug-in adds, in a folder of its own or in "
    "that of --out; may be repeated.  [default: python]",
)
@click.option("--check", "is_check", is_flag=True, help="Write nothing; list what differs and exit 1.")
@click.option("--no-cache", is_flag=True, help="Do all of it, though nothing has changed since the last run.")
@click.option("--stats", "is_measured", is_flag=True, help="Do all of it, and tell how long each stage took.")
@click.option("--watch", "is_watching", is_flag=True, help="Go on, and do it again whenever a contract changes.")
@format_option
def command(
    files: tuple[Path, ...],
    out: Path,
    include: tuple[Path, ...],
    targets: dict[str, Path | None],
    is_check: bool,
    no_cache: bool,
    is_measured: bool,
    is_watching: bool,
    form: str,
) -> int:
    """Write typed Python for FILE, a `.idl` file or a folder of them, and for all that it imports.

    `package acme.orders.v1` becomes `acme/orders/v1/` in the output folder. With any mistake nothing is written.
    """
    asked = Asked(files=files, out=out, include=include, targets=targets)
    if is_watching and is_check:
        raise click.UsageError("--watch writes and --check does not: give one of them")
    if is_watching:
        return _watch(asked, is_measured, form)
    is_ours = all(name in (PYTHON, *BUILT_IN) for name in targets)
    cache = None if no_cache or not is_ours else Cache(default_folder())
    if cache is not None and not is_measured and (kept := cache.unchanged(asked)) is not None:
        show((), {}, form)
        return _show_check((), kept, ()) if is_check else _show((), kept, (), out)
    compiled = _compile(asked, is_check, is_measured, form)
    if compiled is None:
        return COULD_NOT_RUN
    changes = compiled.changes
    if changes is None:
        return FINDINGS
    if cache is not None and not compiled.diagnostics and (changes.is_fresh or not is_check):
        _keep(cache, asked, compiled)
    if is_check:
        return _show_check(changes.written, changes.unchanged, changes.removed)
    return _show(changes.written, changes.unchanged, changes.removed, out)


def _compile(asked: Asked, is_check: bool, is_measured: bool, form: str) -> "Compiled | None":
    """Compile and show what was found; None, and said why, if that cannot be done."""
    # Not before: an unchanged run needs neither the parser nor the generator.
    from svcgen.cli.progress import Progress
    from svcgen.pipeline import compile_files
    from svcgen.write import WriteError
    from svcidl.stages import Stages

    stages = Stages()
    try:
        with Progress(stages):
            compiled = compile_files(
                asked.files,
                out=asked.out,
                include=asked.include,
                targets=asked.targets,
                dry_run=is_check,
                stages=stages,
            )
    except (TargetError, WriteError) as error:
        click.echo(f"Error: {error}", err=True)
        return None
    show(compiled.diagnostics, compiled.sources, form)
    if is_measured:
        _show_stages(stages.seconds, compiled)
    return compiled


def _watch(asked: Asked, is_measured: bool, form: str) -> int:
    from svcgen.cli.watching import Read, WatchError, watch

    def run() -> Read:
        compiled = _compile(asked, False, is_measured, form)
        if compiled is None:
            # What was read then is not known.
            return _read_only(asked)
        if compiled.changes is not None:
            _show(compiled.changes.written, compiled.changes.unchanged, compiled.changes.removed, asked.out)
        is_written = compiled.changes is not None
        return Read(sources=compiled.sources, absent=compiled.absent, is_written=is_written)

    try:
        return watch(asked.files, run)
    except WatchError as error:
        click.echo(f"Error: {error}", err=True)
        return COULD_NOT_RUN


def _read_only(asked: Asked) -> "Read":
    from svcgen.cli.watching import Read
    from svcgen.pipeline import check_files

    checked = check_files(asked.files, include=asked.include)
    return Read(sources=checked.sources, absent=checked.absent, is_written=False)


def _keep(cache: Cache, asked: Asked, compiled: "Compiled") -> None:
    assert compiled.changes is not None
    cache.keep(
        asked,
        read={path: source.text for path, source in compiled.sources.items()},
        absent=compiled.absent,
        written=compiled.outputs,
        shown=sorted((*compiled.changes.written, *compiled.changes.unchanged)),
    )


def _show_stages(seconds: Mapping[str, float], compiled: "Compiled") -> None:
    for name, taken in seconds.items():
        click.echo(f"{name:<10} {taken * 1000:8.1f} ms", err=True)
    lines = sum(source.text.count("\n") for source in compiled.sources.values())
    read = f"{_count(len(compiled.sources))} of {lines:,} lines read"
    total = f"{'total':<10} {sum(seconds.values()) * 1000:8.1f} ms"
    click.echo(f"{total}: {read}, {_count(len(compiled.outputs))} generated", err=True)


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


def _show_check(written: Sequence[str], unchanged: Sequence[str], removed: Sequence[str]) -> int:
    for path in written:
        click.echo(f"differs: {path}", err=True)
    for path in removed:
        click.echo(f"stale: {path}", err=True)
    if not written and not removed:
        click.echo(f"{_count(len(unchanged))} up to date", err=True)
        return 0
    click.echo("run the same command without --check to bring them up to date", err=True)
    return FINDINGS


def _show(written: Sequence[str], unchanged: Sequence[str], removed: Sequence[str], out: Path) -> int:
    parts = [f"{_count(len(written))} written" if written else ""]
    parts.append(f"{_count(len(unchanged))} unchanged" if unchanged else "")
    parts.append(f"{_count(len(removed))} removed" if removed else "")
    packages = sorted({path.rpartition("/")[0] or path for path in (*written, *unchanged)})
    shown = ", ".join(packages) if len(packages) <= 4 else f"{len(packages)} packages"
    click.echo(f"{', '.join(filter(None, parts))} in {out.as_posix()}: {shown}", err=True)
    return 0


def _count(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"
