"""`new`: a folder that runs at once, and what deploys it."""

from pathlib import Path

import click

from svcgen.cli.exit_codes import COULD_NOT_RUN
from svcgen.new_project import NewProjectError, add_deployment, new_project

EPILOG = """\b
Examples:
  svcgen new greeter && cd greeter
  svcgen compile greeter.idl
  svcgen run
\b
  svcgen new greeter --deploy
  svcgen new --deploy
"""


@click.command(epilog=EPILOG)
@click.argument("name", required=False)
@click.option(
    "--deploy", is_flag=True, help="Also a container file and a Kubernetes manifest; without NAME only these."
)
def command(name: str | None, deploy: bool) -> int:
    """Make the folder NAME with a contract, its implementation, a client script, a test and settings."""
    if name is None and not deploy:
        raise click.UsageError("Missing argument 'NAME'.")
    try:
        if name is None:
            click.echo(f"wrote {', '.join(add_deployment(Path()))}", err=True)
            return 0
        folder = new_project(name, Path(), deploy=deploy)
    except NewProjectError as error:
        click.echo(f"Error: {error}", err=True)
        return COULD_NOT_RUN
    click.echo(f"made {folder.as_posix()}/; next:", err=True)
    click.echo(f"  cd {folder.as_posix()} && svcgen compile {name}.idl && svcgen run", err=True)
    return 0
