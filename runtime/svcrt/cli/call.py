"""`call`: one call, its result as JSON."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from svcrt.cli.failing import one_sentence
from svcrt.cli.options import broker_flag, broker_option, config_option, configuration
from svcrt.contract import Oneway, Rpc
from svcrt.errors import DeclaredError

if TYPE_CHECKING:
    from svcrt.client import Cluster

EPILOG = """\b
Examples:
  svcgen call Greeter.hello name=John
  svcgen call acme.orders.v1.Orders.find tag=red tag=blue limit=5 --timeout 2
  svcgen call acme.orders.v1.Orders.place --json '{"draft": {"lines": [{"sku": "TEAPOT-1"}]}}'
"""


@click.command(epilog=EPILOG)
@click.argument("method", metavar="[PACKAGE.]SERVICE.METHOD")
@click.argument("pairs", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--json", "text", metavar="OBJECT", help="All arguments as one JSON object.")
@click.option(
    "--timeout", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True), help="Instead of the contract's."
)
@broker_option
@config_option
def command(
    method: str,
    pairs: tuple[str, ...],
    text: str | None,
    timeout: float | None,
    broker: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """Call a method of a running service and print the result as JSON.

    A value is text as HTTP has it: a number, true, a date; JSON where an object is due; the name again for each item
    of a list. The package may be left out where only one contract in the current folder has such a service. A oneway
    method is handed to the broker and gives no result.
    """
    # Kombu is not free to import, and `--help` does not need it.
    from svcrt.cli.arguments import parse
    from svcrt.cli.connecting import connected
    from svcrt.cli.contracts import find_method
    from svcrt.cli.loading import add_to_path

    with one_sentence():
        settings = configuration(config_file, broker=broker_flag(broker)).settings
        add_to_path(Path.cwd())
        service, member = find_method(method, Path.cwd(), settings.services)
        if isinstance(member, Oneway) and timeout is not None:
            raise click.UsageError(f"--timeout is for a method with a result; `{member.name}` is oneway")
        arguments = parse(member.arguments, f"{service.name}.{member.name}", pairs, text)
        with connected(settings, Path.cwd()) as (cluster, _):
            if isinstance(member, Oneway):
                cluster.send(member, arguments)
            else:
                _call(cluster, member, arguments, timeout)


def _call(cluster: "Cluster", rpc: Rpc[Any, Any], arguments: Any, timeout: float | None) -> None:
    from svcrt.codec import codec
    from svcrt.faults import write_error

    try:
        result = cluster.call(rpc, arguments, timeout=timeout)
    except DeclaredError as error:
        name, fields = write_error(error, declared=rpc.errors, call_id="")
        click.echo(f"Error: {name}: {error}\n{fields.decode()}", err=True)
        sys.exit(1)
    click.echo(json.dumps(codec(rpc.result).to_builtins(result), indent=2, ensure_ascii=False))
