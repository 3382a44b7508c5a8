"""`broker`: print the address of the broker, password and all, for a script."""

from pathlib import Path

import click

from svcrt.cli.failing import one_sentence
from svcrt.cli.options import config_option, configuration

EPILOG = """\b
Examples:
  svcgen broker
  python client.py "$(svcgen broker)"
"""


@click.command(epilog=EPILOG)
@config_option
def command(config_file: Path | None) -> None:
    """Print the address of the broker, its password included.

    It is the one that the other commands use here: the configured one, or that of `svcgen run` in the current folder.
    Several nodes are separated by semicolons, which `svcrt.connect` understands.
    """
    # Kombu is not free to import, and `--help` does not need it.
    from svcrt.cli.connecting import broker_urls

    with one_sentence():
        click.echo(";".join(broker_urls(configuration(config_file).settings, Path.cwd())))
