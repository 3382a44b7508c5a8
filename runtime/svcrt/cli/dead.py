"""`dead`: what services could not do, and what shall become of it."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from svcrt.cli.failing import one_sentence
from svcrt.cli.options import broker_flag, broker_option, config_option, configuration
from svcrt.cli.plain import json_text, one_line
from svcrt.errors import StartError

if TYPE_CHECKING:
    from svcrt.cli.bodies import Bodies
    from svcrt.cli.contracts import Contracts
    from svcrt.cli.dead_letters import DeadLetter, DeadQueues

EPILOG = """\b
Examples:
  svcgen dead list
  svcgen dead list acme.orders.v1.Orders --error KeyError
  svcgen dead show 3f9a2c-1a
  svcgen dead drop 3f9a2c-1a
  svcgen dead drop --error KeyError --dry-run
"""
_COLUMNS = ("ID", "PARKED AT", "QUEUE", "TYPE", "ERROR", "REASON")

service_option = click.option(
    "--service",
    "services",
    metavar="SERVICE",
    multiple=True,
    help="Look only at this service; several times for several.  [default: all with a contract here]",
)
error_option = click.option("--error", metavar="NAME", help="Only those that failed with this error.")


@click.group(epilog=EPILOG)
def command() -> None:
    """Look at parked messages: jobs and events that a service could not handle.

    They lie in one queue per service. AMQP cannot list queues: services whose contracts are not in the current folder
    have to be named in full.
    """


@command.command("list")
@click.argument("services", metavar="[SERVICE]...", nargs=-1)
@error_option
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), default=50, show_default=True, help="Messages per service."
)
@click.option("--json", "is_json", is_flag=True, help="One JSON object per line.")
@broker_option
@config_option
def list_command(
    services: tuple[str, ...],
    error: str | None,
    limit: int,
    is_json: bool,
    broker: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """List parked messages, oldest first. They stay where they are."""
    from svcrt.amqp.browsing import MAX_HELD

    with _opened(services, broker, config_file) as (queues, _, names):
        # With a filter nobody knows how many must be looked at to find that many.
        looked_at = min(limit, MAX_HELD) if error is None else MAX_HELD
        found = queues.find(limit=looked_at, is_wanted=lambda letter: _has_error(letter, error))
    letters = _first_of_each(found.letters, limit)
    hidden = found.more + len(found.letters) - len(letters)
    if is_json:
        for letter in letters:
            click.echo(json_text(_fields(letter)))
    elif letters:
        click.echo(_table(letters))
    else:
        what = "nothing is parked" if error is None else f"nothing is parked with the error `{error}`"
        hint = "a service without a contract here has to be named (AMQP cannot list queues)"
        click.echo(f"{what} for {', '.join(names)}; {hint}", err=True)
    if hidden:
        click.echo(f"{hidden} more; --limit shows them", err=True)


@command.command("show")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@service_option
@click.option("--reveal", is_flag=True, help="Show sensitive fields and the caller's credential, too.")
@broker_option
@config_option
def show_command(
    ids: tuple[str, ...],
    services: tuple[str, ...],
    reveal: bool,
    broker: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """Show all that is known of parked messages: why, from where, headers and body."""
    from svcrt.cli.bodies import Bodies

    with _opened(services, broker, config_file) as (queues, contracts, _):
        letters = queues.find_by_id(ids)
    bodies = Bodies(contracts, reveal=reveal)
    click.echo("\n\n".join(_page(letter, bodies) for letter in letters))


@command.command("drop")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@error_option
@click.option("--all", "is_all", is_flag=True, help="All of them.")
@service_option
@click.option("--dry-run", is_flag=True, help="Only tell which it would be.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@broker_option
@config_option
def drop_command(
    ids: tuple[str, ...],
    error: str | None,
    is_all: bool,
    services: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    broker: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """Delete parked messages for good: by ID, by error, or all. What is parked meanwhile is left alone."""
    if sum((bool(ids), error is not None, is_all)) != 1:
        raise click.UsageError("say which: either IDs, or --error NAME, or --all")
    with _opened(services, broker, config_file) as (queues, _, names):
        if ids:
            chosen: Sequence[DeadLetter] = queues.find_by_id(ids)
        else:
            chosen = queues.find(is_wanted=lambda letter: _has_error(letter, error)).letters
        if not chosen:
            click.echo(f"nothing to drop for {', '.join(names)}", err=True)
            return
        click.echo(_table(chosen))
        if dry_run:
            click.echo(f"would drop {_count(len(chosen))}", err=True)
            return
        _confirm(len(chosen), yes)
        dropped = queues.drop(chosen)
    # Whatever is the same to the last byte is dropped with it, however often it has been parked meanwhile.
    gone = max(0, len(chosen) - dropped)
    click.echo(f"dropped {_count(dropped)}" + (f"; {gone} no longer there" if gone else ""), err=True)


@contextmanager
def _opened(
    services: tuple[str, ...], broker: tuple[str, ...], config_file: Path | None
) -> Iterator[tuple["DeadQueues", "Contracts", list[str]]]:
    """Connect, and tell of the dead queues of `services`, the contracts known here, the services' full names."""
    # Kombu is not free to import, and `--help` does not need it.
    from svcrt.cli.connecting import linked
    from svcrt.cli.contracts import discover
    from svcrt.cli.dead_letters import DeadQueues, chosen_services
    from svcrt.cli.loading import add_to_path

    with one_sentence():
        settings = configuration(config_file, broker=broker_flag(broker)).settings
        add_to_path(Path.cwd())
        contracts = discover(Path.cwd(), settings.services)
        names = chosen_services(services, contracts)
        with linked(settings, Path.cwd()) as (link, _):
            yield DeadQueues(link, names), contracts, names


def _confirm(count: int, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise StartError("nobody can be asked here; add --yes to drop them")
    click.confirm(f"drop {_count(count)} for good?", abort=True, err=True)


def _has_error(letter: "DeadLetter", error: str | None) -> bool:
    return error is None or error in (letter.error, letter.error.rpartition(".")[2])


def _first_of_each(letters: Sequence["DeadLetter"], limit: int) -> list["DeadLetter"]:
    counts: dict[str, int] = {}
    first = []
    for letter in letters:
        counts[letter.service] = counts.get(letter.service, 0) + 1
        if counts[letter.service] <= limit:
            first.append(letter)
    return first


def _count(number: int) -> str:
    return f"{number} message" if number == 1 else f"{number} messages"


def _fields(letter: "DeadLetter") -> dict[str, Any]:
    return {
        "id": letter.id,
        "at": letter.at,
        "service": letter.service,
        "queue": letter.queue,
        "type": letter.message.type,
        "error": letter.error,
        "attempt": letter.attempt,
        "reason": letter.reason,
    }


def _table(letters: Sequence["DeadLetter"]) -> str:
    rows = [_COLUMNS] + [
        tuple(
            one_line(cell) or "-"
            for cell in (each.id, each.at, each.queue, each.message.type or "", each.error, each.reason)
        )
        for each in letters
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    lines = [
        "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
    if sys.stdout.isatty():
        lines = [line[: shutil.get_terminal_size().columns] for line in lines]
    return "\n".join(lines)


def _page(letter: "DeadLetter", bodies: "Bodies") -> str:
    message = letter.message
    properties = {
        "id": letter.id,
        "service": letter.service,
        "type": message.type,
        "app_id": message.app_id,
        "content_type": message.content_type,
        "timestamp": message.timestamp,
    }
    lines = [(name, str(value)) for name, value in properties.items() if value is not None]
    lines += [(name, bodies.header(name, value)) for name, value in message.headers.items()]
    width = max(len(one_line(name)) for name, _ in lines)
    body = bodies.of_event(message) if letter.is_event else bodies.of_call(letter.service, message)
    return "\n".join(
        [*(f"{one_line(name):<{width}}  {one_line(value)}" for name, value in lines), "", json_text(body, indent=2)]
    )
