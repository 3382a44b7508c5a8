"""How a command fails: one sentence on standard error and exit code 1, never a traceback."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import click

from svcrt.cli.plain import lines
from svcrt.errors import PermissionDenied, SvcError, Unauthenticated


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn what the runtime raises on purpose into a message of the command."""
    try:
        yield
    except (Unauthenticated, PermissionDenied) as error:
        # Their text is the service's own, which need not say that it is a refusal.
        raise click.ClickException(lines(f"{type(error).__name__}: {error}")) from error
    except SvcError as error:
        raise click.ClickException(lines(str(error))) from error


def is_disk_full(error: Exception) -> bool:
    """Whether what we printed found no room where it was to go."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) and error.filename is None


def internal_error(error: Exception) -> str:
    """Return the sentence for a mistake of ours; the traceback goes to a file that it names."""
    # Dear to import, and hardly ever wanted.
    import tempfile
    import traceback

    what = f"internal error ({type(error).__name__}); please report it"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="svcgen-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as report:
            traceback.print_exception(error, file=report)
    except OSError:
        # No folder for temporary files, or no room in it.
        return f"{what} with what you did: {' '.join(str(error).split())}"
    return f"{what} with the file {report.name}"
