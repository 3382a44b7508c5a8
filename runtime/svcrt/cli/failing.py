"""How a command fails: one sentence on standard error and exit code 1, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from svcrt.errors import PermissionDenied, SvcError, Unauthenticated


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn what the runtime raises on purpose into a message of the command."""
    try:
        yield
    except (Unauthenticated, PermissionDenied) as error:
        # Their text is the service's own, which need not say that it is a refusal.
        raise click.ClickException(f"{type(error).__name__}: {error}") from error
    except SvcError as error:
        raise click.ClickException(str(error)) from error
