"""The entry point: runs a command and turns every way it can end into an exit code."""

import errno
import os
import sys
from collections.abc import Sequence

import click

from svcgen.cli.commands import Commands
from svcgen.cli.exit_codes import FINDINGS, INTERRUPTED

EPILOG = """\b
Start here:
  svcgen new greeter && cd greeter
  svcgen compile greeter.idl
  svcgen run
"""


def _print_version(ctx: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        click.echo(f"svcgen {version('svcgen')}")
        ctx.exit()


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
def group() -> None:
    """Services from a contract: typed Python stubs and clients, run on AMQP."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. A traceback is never printed.

    Args:
        arguments: those of the process if None.
    """
    try:
        code = group.main(arguments, prog_name="svcgen", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINDINGS
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT) and error.filename is None
        click.echo(f"Error: cannot write the output: {error.strerror}" if is_full else _internal(error), err=True)
        return FINDINGS
    except Exception as error:  # the last resort: a mistake of ours, which must not look like one of the user's
        click.echo(_internal(error), err=True)
        return FINDINGS
    return code if isinstance(code, int) else 0


def _internal(error: Exception) -> str:
    # Dear to import, and hardly ever wanted.
    import tempfile
    import traceback

    what = f"Error: internal error ({type(error).__name__}); please report it"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="svcgen-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as report:
            traceback.print_exception(error, file=report)
    except OSError:
        # No folder for temporary files, or no room in it.
        return f"{what} with what you did: {' '.join(str(error).split())}"
    return f"{what} with the file {report.name}"
