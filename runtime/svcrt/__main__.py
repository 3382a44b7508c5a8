"""`python -m svcrt`: the runtime's commands without the compiler, for where only generated code runs."""

import importlib
from typing import Any

import click

from svcrt.cli.failing import internal_error, is_disk_full

_COMMANDS = {name: f"svcrt.cli.{name}" for name in ("run", "call", "emit", "shell", "tail", "dead", "broker")}


class _Commands(click.Group):
    """Loads a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it did not foresee ends in one sentence, too."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            said = f"cannot write the output: {error}" if is_disk_full(error) else internal_error(error)
            raise click.ClickException(said) from error


@click.group(cls=_Commands)
def main() -> None:
    """Run services, and talk to running ones."""


if __name__ == "__main__":
    main(prog_name="python -m svcrt")
