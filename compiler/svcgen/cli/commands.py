"""The table of commands, and the group that imports one only when it is called.

The runtime's commands stand here by name alone: `svcgen compile` never loads what a running service needs, and the
compiler never imports the runtime.
"""

import importlib
from dataclasses import dataclass
from typing import Any

import click

PLUGINS = "svcgen.commands"
"""Entry-point group of commands that other distributions add."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: where its click command is (`module:attribute`), and what `svcgen --help` says of it."""

    target: str
    summary: str


COMMANDS: dict[str, Entry] = {
    "new": Entry("svcgen.cli.new:command", "Make a folder with a service that runs at once."),
    "compile": Entry("svcgen.cli.compile:command", "Write typed Python for IDL files."),
    "check": Entry("svcgen.cli.check:command", "Check IDL files and write nothing."),
    "fmt": Entry("svcgen.cli.fmt:command", "Format IDL files."),
    "lint": Entry("svcgen.cli.lint:command", "Find what IDL files had better not say."),
    "breaking": Entry("svcgen.cli.breaking:command", "Tell what of a change breaks somebody."),
    "ir": Entry("svcgen.cli.ir:command", "Write the model of IDL files as JSON."),
    "run": Entry("svcrt.cli.run:command", "Run services."),
    "call": Entry("svcrt.cli.call:command", "Call a method of a running service."),
    "emit": Entry("svcrt.cli.emit:command", "Announce an event."),
    "shell": Entry("svcrt.cli.shell:command", "Open a Python prompt that can call services."),
    "tail": Entry("svcrt.cli.tail:command", "Watch calls, jobs and events as they happen."),
    "dead": Entry("svcrt.cli.dead:command", "Look at messages that services could not handle."),
    "broker": Entry("svcrt.cli.broker:command", "Print the address of the broker, for a script."),
    "explain": Entry("svcgen.cli.explain:command", "Explain a diagnostic code."),
    "lsp": Entry("svcgen.cli.lsp:command", "Serve editors: the language server."),
    "demo": Entry("svcgen.cli.demo:command", "Show a small shop of three services at work."),
}


class Commands(click.Group):
    """Loads a command when it is asked for by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; the scan for plug-ins costs 100 ms, so it is made only for a name that is not ours."""
        entry = COMMANDS.get(cmd_name)
        if entry is not None:
            return _load(entry.target)
        from importlib.metadata import entry_points

        for plugin in entry_points(group=PLUGINS, name=cmd_name):
            return _load(plugin.value)
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one ends in a suggestion.

        Raises:
            UsageError: there is no such command.
        """
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            import difflib

            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean `{close[0]}`?" if close else ""
            ctx.fail(f"There is no command `{name}`.{hint}")
        return super().resolve_command(ctx, args)


def _load(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    command: Any = getattr(importlib.import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise TypeError(f"{target} is a {type(command).__name__}, not a click command")
    return command
