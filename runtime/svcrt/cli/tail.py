"""`tail`: calls, jobs, events and parked messages as they happen."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from svcrt.cli.failing import one_sentence
from svcrt.cli.options import broker_flag, broker_option, config_option, configuration
from svcrt.cli.plain import json_text

if TYPE_CHECKING:
    from svcrt.cli.contracts import Contracts
    from svcrt.cli.sightings import Sighting
    from svcrt.cli.tapping import Caught, Tap

EPILOG = """\b
Examples:
  svcgen tail
  svcgen tail Orders.place 'Order*'
  svcgen tail --service acme.orders.v1.Orders --event OrderPlaced --json
  svcgen tail --errors
  svcgen tail --call 3f9a2c-1a
"""
_POLL_SECONDS = 0.5


@click.command(epilog=EPILOG)
@click.argument("filters", metavar="[FILTER]...", nargs=-1)
@click.option(
    "--service",
    "services",
    metavar="SERVICE",
    multiple=True,
    help="Listen to this service only; in full where its contract is not here. Several times for several.",
)
@click.option("--event", "events", metavar="EVENT", multiple=True, help="Listen to this event only. Likewise.")
@click.option("--call", metavar="ID", help="Only this call and what follows from it.")
@click.option("--errors", is_flag=True, help="Only messages that are parked because they could not be handled.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object per line.")
@click.option("--full", is_flag=True, help="Do not cut long bodies.")
@click.option("--reveal", is_flag=True, help="Show sensitive fields, too.")
@click.option("-n", "--count", metavar="N", type=click.IntRange(min=1), help="End after N lines.")
@broker_option
@config_option
def command(
    filters: tuple[str, ...],
    services: tuple[str, ...],
    events: tuple[str, ...],
    call: str | None,
    errors: bool,
    is_json: bool,
    full: bool,
    reveal: bool,
    count: int | None,
    broker: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """Show calls, jobs, events and parked messages as they happen, one line each. Ctrl-C ends it.

    Copies are shown: nothing is taken from anybody, and no service waits for us. Replies cannot be seen, so there is
    no result, no duration, and no error that went back to a caller.

    A FILTER is a name or its end, as in `Orders`, `Orders.get` or `OrderPlaced`, with * for anything. Without --service
    and --event everything is listened to whose contract is in the current folder, and every event.
    """
    # Kombu is not free to import, and `--help` does not need it.
    from svcrt.cli.bodies import Bodies
    from svcrt.cli.sightings import is_of_call, is_wanted, name_of, see

    # Ctrl-C is the one way to end it, so no failure.
    with suppress(KeyboardInterrupt), _tapped(services, events, broker, config_file) as (tap, contracts):
        bodies = Bodies(contracts, reveal=reveal)
        shown = 0
        for caught in _all(tap):
            if not is_wanted(name_of(caught), filters):
                continue
            sighting = see(caught, bodies)
            if (sighting.kind == "dead" or not errors) and is_of_call(sighting, call):
                _show(sighting, is_json=is_json, full=full)
                shown += 1
                if shown == count:
                    return


@contextmanager
def _tapped(
    services: tuple[str, ...], events: tuple[str, ...], broker: tuple[str, ...], config_file: Path | None
) -> Iterator[tuple["Tap", "Contracts"]]:
    from svcrt.cli.connecting import linked
    from svcrt.cli.contracts import discover, full_name
    from svcrt.cli.dead_letters import chosen_services
    from svcrt.cli.loading import add_to_path
    from svcrt.cli.tapping import Tap

    with one_sentence():
        settings = configuration(config_file, broker=broker_flag(broker)).settings
        add_to_path(Path.cwd())
        contracts = discover(Path.cwd(), settings.services)
        chosen: list[str] = []
        if services or (contracts.services and not events):
            chosen = chosen_services(services, contracts)
        heard = {each.event.name for service in contracts.services.values() for each in service.subscriptions}
        keys = [full_name(name, {*contracts.events, *heard}, "event") for name in events]
        if not services and not events:
            keys = ["#"]
        with linked(settings, Path.cwd()) as (link, where):
            tap = Tap(link, services=chosen, events=keys)
            tap.open()
            click.echo(f"listening at {where} to {_subjects(chosen, keys)}; Ctrl-C ends", err=True)
            yield tap, contracts


def _all(tap: "Tap") -> Iterator["Caught"]:
    """Yield what comes, for ever; tell of gaps."""
    was_up = True
    while True:
        caught = tap.next(_POLL_SECONDS)
        if caught is not None:
            yield caught
        skipped = tap.skipped()
        if skipped:
            click.echo(f"... {skipped} not shown: they came faster than they could be shown", err=True)
        if tap.is_up != was_up:
            was_up = tap.is_up
            click.echo("... connected again" if was_up else "... the connection is lost; trying again", err=True)


def _subjects(services: Sequence[str], keys: Sequence[str]) -> str:
    parts = list(services)
    parts += ["all events"] if list(keys) == ["#"] else keys
    if not services and list(keys) == ["#"]:
        parts.append("no service (no contracts found here; name services with --service)")
    return ", ".join(parts)


def _show(sighting: "Sighting", *, is_json: bool, full: bool) -> None:
    from svcrt.cli.sightings import fields, line

    if is_json:
        click.echo(json_text(fields(sighting)))
    else:
        # https://no-color.org; click itself leaves colours out where there is no terminal.
        click.echo(line(sighting, full=full), color=False if os.environ.get("NO_COLOR") else None)
    sys.stdout.flush()
