"""`new`: a folder that runs at once."""

from pathlib import Path

import click

from svcgen.cli.exit_codes import COULD_NOT_RUN
from svcgen.new_project import NewProjectError, new_project

EPILOG = """\b
Example:
  svcgen new greeter && cd greeter
  svcgen compile greeter.idl
  svcgen run
"""


@click.command(epilog=EPILOG)
@click.argument("name")
def command(name: str) -> int:
    """Make the folder NAME with a contract, its implementation, a client script, a test and settings."""
    try:
        folder = new_project(name, Path())
    except NewProjectError as error:
        click.echo(f"Error: {error}", err=True)
        return COULD_NOT_RUN
    click.echo(f"made {folder.as_posix()}/; next:", err=True)
    click.echo(f"  cd {folder.as_posix()} && svcgen compile {name}.idl && svcgen run", err=True)
    return 0
