"""`dead`: what services could not do, and what shall become of it."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from svcrt.cli.dead_views import count, fields, page, table
from svcrt.cli.failing import one_sentence
from svcrt.cli.options import broker_flag, broker_option, config_option, configuration
from svcrt.cli.plain import json_text
from svcrt.errors import StartError

if TYPE_CHECKING:
    from svcrt.cli.contracts import Contracts
    from svcrt.cli.dead_letters import DeadLetter, DeadQueues
    from svcrt.cli.giving_back import Retried

EPILOG = """\b
Examples:
  svcgen dead list
  svcgen dead list acme.orders.v1.Orders --error KeyError
  svcgen dead show 3f9a2c-1a
  svcgen dead retry 3f9a2c-1a
  svcgen dead retry --error KeyError --dry-run
  svcgen dead drop --all --service acme.orders.v1.Orders
"""
_SOME_STAYED = 1

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _options(*options: Decorator) -> Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


service_option = click.option(
    "--service",
    "services",
    metavar="SERVICE",
    multiple=True,
    help="Look only at this service; several times for several.  [default: all with a contract here]",
)
error_option = click.option("--error", metavar="NAME", help="Only those that failed with this error.")
where_options = _options(broker_option, config_option)
choice_options = _options(
    click.argument("ids", metavar="[ID]...", nargs=-1),
    error_option,
    click.option("--all", "is_all", is_flag=True, help="All of them."),
    service_option,
    click.option("--dry-run", is_flag=True, help="Only tell which it would be."),
)


@click.group(epilog=EPILOG)
def command() -> None:
    """Look at parked messages: jobs and events that a service could not handle. Try them again, or delete them.

    They lie in one queue per service. AMQP cannot list queues: services whose contracts are not in the current folder
    have to be named in full.
    """


@command.command("list")
@click.argument("names", metavar="[SERVICE]...", nargs=-1)
@service_option
@click.option("--id", "ids", metavar="ID", multiple=True, help="Only this message; several times for several.")
@error_option
@click.option("--all", "is_all", is_flag=True, help="All of them, however many.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Messages per service.  [default: 50]")
@click.option("--json", "is_json", is_flag=True, help="One JSON object per line.")
@where_options
def list_command(
    names: tuple[str, ...],
    services: tuple[str, ...],
    ids: tuple[str, ...],
    error: str | None,
    is_all: bool,
    limit: int | None,
    is_json: bool,
    broker: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """List parked messages, oldest first. They stay where they are."""
    from svcrt.amqp.browsing import MAX_HELD

    if is_all and limit is not None:
        raise click.UsageError("--all and --limit contradict each other")
    most = MAX_HELD if is_all or ids else limit or 50
    with _opened((*names, *services), broker, config_file) as (queues, _, looked_at):
        if ids:
            found = queues.find_by_id(ids, is_wanted=lambda letter: _has_error(letter, error))
        else:
            # With a filter nobody knows how many must be looked at to find that many.
            here = min(most, MAX_HELD) if error is None else MAX_HELD
            found = queues.find(limit=here, is_wanted=lambda letter: _has_error(letter, error))
    letters = _first_of_each(found.letters, most)
    hidden = found.more + len(found.letters) - len(letters)
    if is_json:
        for letter in letters:
            click.echo(json_text(fields(letter)))
    elif letters:
        click.echo(table(letters))
    else:
        what = "nothing is parked" if error is None else f"nothing is parked with the error `{error}`"
        hint = "a service without a contract here has to be named (AMQP cannot list queues)"
        click.echo(f"{what} for {', '.join(looked_at)}; {hint}", err=True)
    if hidden and not ids:
        click.echo(f"{hidden} more; --limit shows them", err=True)


@command.command("show")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@service_option
@click.option("--reveal", is_flag=True, help="Show sensitive fields and the caller's credential, too.")
@where_options
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
        letters = queues.find_by_id(ids).letters
    bodies = Bodies(contracts, reveal=reveal)
    click.echo("\n\n".join(page(letter, bodies) for letter in letters))


@command.command("retry")
@choice_options
@where_options
def retry_command(
    ids: tuple[str, ...],
    error: str | None,
    is_all: bool,
    services: tuple[str, ...],
    dry_run: bool,
    broker: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """Give parked messages back to the queues that they came from: by ID, by error, or all.

    A message leaves only when its copy is safe in that queue. What cannot be retried is told of and stays, with exit
    code 1.
    """
    from svcrt.cli.giving_back import Retry

    _check_choice(ids, error, is_all)
    with _opened(services, broker, config_file) as (queues, _, names):
        chosen = _chosen(queues, ids, error, "retry", names)
        if not chosen:
            return
        click.echo(table(chosen))
        retry = Retry(queues)
        result = retry.check(chosen) if dry_run else retry.run(chosen)
    _tell(result, "would retry" if dry_run else "retried")


@command.command("drop")
@choice_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@where_options
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
    _check_choice(ids, error, is_all)
    with _opened(services, broker, config_file) as (queues, _, names):
        chosen = _chosen(queues, ids, error, "drop", names)
        if not chosen:
            return
        click.echo(table(chosen))
        if dry_run:
            click.echo(f"would drop {count(len(chosen))}", err=True)
            return
        _confirm(len(chosen), yes)
        dropped = queues.drop(chosen)
    # Whatever is the same to the last byte is dropped with it, however often it has been parked meanwhile.
    gone = max(0, len(chosen) - dropped)
    click.echo(f"dropped {count(dropped)}" + (f"; {gone} no longer there" if gone else ""), err=True)


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


def _check_choice(ids: tuple[str, ...], error: str | None, is_all: bool) -> None:
    if sum((bool(ids), error is not None, is_all)) != 1:
        raise click.UsageError("say which: either IDs, or --error NAME, or --all")


def _chosen(
    queues: "DeadQueues", ids: tuple[str, ...], error: str | None, verb: str, names: list[str]
) -> Sequence["DeadLetter"]:
    """Find what was chosen; tells of it when there is nothing."""
    if ids:
        return queues.find_by_id(ids).letters
    chosen = queues.find(is_wanted=lambda letter: _has_error(letter, error)).letters
    if not chosen:
        click.echo(f"nothing to {verb} for {', '.join(names)}", err=True)
    return chosen


def _tell(result: "Retried", verb: str) -> None:
    for letter, why_not in result.stayed:
        click.echo(f"{letter.id} cannot be retried and stays: {why_not}", err=True)
    gone = f"; {result.gone} no longer there" if result.gone else ""
    click.echo(f"{verb} {count(result.done)}{gone}", err=True)
    if result.stayed:
        sys.exit(_SOME_STAYED)


def _confirm(number: int, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise StartError("nobody can be asked here; add --yes to drop them")
    click.confirm(f"drop {count(number)} for good?", abort=True, err=True)


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
