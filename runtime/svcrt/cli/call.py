"""`call`: one call, its result as JSON; of a stream one line for each item."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from svcrt.cli.failing import one_sentence
from svcrt.cli.options import authorization_option, broker_flag, broker_option, config_option, configuration
from svcrt.cli.plain import json_text, lines
from svcrt.contract import Oneway, Rpc, StreamRpc
from svcrt.errors import DeclaredError

if TYPE_CHECKING:
    from svcrt.client import Cluster

EPILOG = """\b
Examples:
  svcgen call Greeter.hello name=John
  svcgen call acme.orders.v1.Orders.find tag=red tag=blue limit=5 --timeout 2
  svcgen call acme.orders.v1.Orders.place --json '{"draft": {"lines": [{"sku": "TEAPOT-1"}]}}'
  svcgen call Orders.watch id=5f0c6b1e-6f0a-4a39-8e42-2f6a3a2b9d11 | jq .
"""


@click.command(epilog=EPILOG)
@click.argument("method", metavar="[PACKAGE.]SERVICE.METHOD")
@click.argument("pairs", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--json", "text", metavar="OBJECT", help="All arguments as one JSON object.")
@click.option(
    "--timeout", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True), help="Instead of the contract's."
)
@authorization_option
@broker_option
@config_option
def command(
    method: str,
    pairs: tuple[str, ...],
    text: str | None,
    timeout: float | None,
    authorization: str | None,
    broker: tuple[str, ...],
    config_file: Path | None,
) -> None:
    """Call a method of a running service and print the result as JSON.

    A value is text as HTTP has it: a number, true, a date; JSON where an object is due; the name again for each item
    of a list. The package may be left out where only one contract in the current folder has such a service. A oneway
    method is handed to the broker and gives no result. The items of a stream are printed as they come, one on a line;
    Ctrl-C ends it.
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
        with connected(settings, Path.cwd(), authorization=authorization) as (cluster, _):
            if isinstance(member, Oneway):
                cluster.send(member, arguments)
            elif isinstance(member, StreamRpc):
                _read(cluster, member, arguments, timeout)
            else:
                _call(cluster, member, arguments, timeout)


def _call(cluster: "Cluster", rpc: Rpc[Any, Any], arguments: Any, timeout: float | None) -> None:
    from svcrt.codec import codec

    try:
        result = cluster.call(rpc, arguments, timeout=timeout)
    except DeclaredError as error:
        _fail(error, rpc)
    click.echo(json_text(codec(rpc.result).to_builtins(result), indent=2))


def _read(cluster: "Cluster", method: StreamRpc[Any, Any], arguments: Any, timeout: float | None) -> None:
    from svcrt.codec import codec

    item_codec = codec(method.item)
    try:
        with cluster.stream(method, arguments, timeout=timeout) as items:
            for item in items:
                click.echo(json_text(item_codec.to_builtins(item)))
    except DeclaredError as error:
        _fail(error, method)
    except KeyboardInterrupt:
        # The way to end what has no end of its own; the code is a shell's for a program that SIGINT ended.
        sys.exit(130)


def _fail(error: DeclaredError, method: Rpc[Any, Any] | StreamRpc[Any, Any]) -> NoReturn:
    from svcrt.faults import write_error

    name, fields = write_error(error, declared=method.errors, call_id="")
    click.echo(lines(f"Error: {name}: {error}\n{fields.decode()}"), err=True)
    sys.exit(1)
