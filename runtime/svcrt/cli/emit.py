"""`emit`: announce one event."""

from pathlib import Path

import click

from svcrt.cli.failing import one_sentence
from svcrt.cli.options import broker_flag, broker_option, config_option, configuration

EPILOG = """\b
Examples:
  svcgen emit OrderPlaced order_id=7c9e6679-7425-40de-944b-e07fc1f90ae7
  svcgen emit acme.orders.v1.OrderPlaced --json '{"order_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}'
"""


@click.command(epilog=EPILOG)
@click.argument("event", metavar="[PACKAGE.]EVENT")
@click.argument("pairs", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--json", "text", metavar="OBJECT", help="All fields as one JSON object.")
@broker_option
@config_option
def command(
    event: str, pairs: tuple[str, ...], text: str | None, broker: tuple[str, ...], config_file: Path | None
) -> None:
    """Announce an event to whoever subscribes to it; return when the broker has it.

    Values and short names are as with `svcgen call`.
    """
    # Kombu is not free to import, and `--help` does not need it.
    from svcrt.cli.arguments import parse
    from svcrt.cli.connecting import connected
    from svcrt.cli.contracts import find_event
    from svcrt.cli.loading import add_to_path

    with one_sentence():
        settings = configuration(config_file, broker=broker_flag(broker)).settings
        add_to_path(Path.cwd())
        found = find_event(event, Path.cwd(), settings.services)
        payload = parse(found.payload, found.name, pairs, text)
        with connected(settings, Path.cwd()) as (cluster, _):
            cluster.emit(found, payload)
