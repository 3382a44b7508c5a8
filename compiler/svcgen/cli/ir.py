"""`ir`: the canonical JSON model."""

import os
from pathlib import Path

import click

from svcgen.cli.diagnostics import show
from svcgen.cli.exit_codes import COULD_NOT_RUN, FINDINGS
from svcgen.cli.options import format_option, include_option, optional_files_argument
from svcidl.ir import dump, published_schema
from svcidl.pipeline import check

EPILOG = """\b
Examples:
  svcgen ir contracts/ --out baseline.json
  svcgen ir orders.idl
  svcgen ir --schema
"""


@click.command(epilog=EPILOG)
@optional_files_argument
@include_option
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Where to write.  [default: standard output]"
)
@click.option("--schema", "is_schema", is_flag=True, help="Print the JSON Schema of the model instead.")
@format_option
def command(files: tuple[Path, ...], include: tuple[Path, ...], out: Path | None, is_schema: bool, form: str) -> int:
    """Write FILE, a `.idl` file or a folder of them (default: this one), and all that it imports, as one JSON model.

    It is what `svcgen breaking --against` and tools in other languages read: deterministic, with documentation and
    places, versioned by its `schema`.
    """
    if is_schema:
        return _write(published_schema(), out)
    checked = check(files, include=include)
    show(checked.diagnostics, checked.sources, form)
    if checked.model is None:
        return FINDINGS
    return _write(dump(checked.model, path=_relative), out)


def _relative(path: str) -> str:
    """Return a path from the current folder where it lies in it, so that the model is the same on every machine."""
    relative = os.path.relpath(path)
    return Path(path if relative.startswith(os.pardir) else relative).as_posix()


def _write(text: str, out: Path | None) -> int:
    if out is None:
        click.echo(text.encode("utf-8"), nl=False)
        return 0
    staged = out.with_name(f".{out.name}.svcgen")
    try:
        staged.write_text(text, encoding="utf-8")
        os.replace(staged, out)
    except OSError as error:
        staged.unlink(missing_ok=True)
        click.echo(f"Error: cannot write `{out}`: {(error.strerror or str(error)).lower()}", err=True)
        return COULD_NOT_RUN
    return 0
