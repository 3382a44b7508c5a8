"""How a command fails: one sentence on standard error and exit code 1, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from svcrt.errors import SvcError


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turn what the runtime raises on purpose into a message of the command."""
    try:
        yield
    except SvcError as error:
        raise click.ClickException(str(error)) from error
