"""`shell`: a Python prompt that is connected to the broker."""

import sys
from pathlib import Path
from typing import Any

import click

from svcrt.cli.failing import one_sentence
from svcrt.cli.options import authorization_option, broker_flag, broker_option, config_option, configuration

EPILOG = """\b
Examples:
  svcgen shell
  >>> n.rpc.Greeter.hello(name="John")
  'Hello, John!'
  >>> n.emit.OrderPlaced(order_id="7c9e6679-7425-40de-944b-e07fc1f90ae7")
\b
  svcgen shell -c 'n.rpc.Greeter.hello(name="John")'
  svcgen shell < script.py
"""
BANNER = """\
Connected to {broker}.
n.rpc.Service.method(...) calls, n.oneway.Service.method(...) hands in a job, n.emit.Event(...) announces.
n shows everything there is; the tab key completes; Ctrl-D ends."""


@click.command(epilog=EPILOG)
@broker_option
@click.option("-c", "--command", "text", metavar="CODE", help="Run this, print what it gives, and exit.")
@authorization_option
@config_option
def command(broker: tuple[str, ...], text: str | None, authorization: str | None, config_file: Path | None) -> None:
    """Call services and announce events from a Python prompt.

    `n` holds every contract found: of generated packages in the current folder, or of the services in svcgen.toml.
    Short names do where they are clear, full names (`n.rpc.acme.orders.v1.Orders.get`) always.
    """
    # Kombu is not free to import, and `--help` does not need it.
    from svcrt.cli.connecting import connected
    from svcrt.cli.console import Console
    from svcrt.cli.contracts import discover
    from svcrt.cli.loading import add_to_path
    from svcrt.cli.masking import masked_text
    from svcrt.cli.namespace import Namespace
    from svcrt.cli.prompt import line_editing

    with one_sentence():
        settings = configuration(config_file, broker=broker_flag(broker)).settings
        add_to_path(Path.cwd())
        contracts = discover(Path.cwd(), settings.services)
        with connected(settings, Path.cwd(), authorization=authorization) as (cluster, urls):
            names: dict[str, Any] = {"n": Namespace(cluster, contracts)}
            if text is not None:
                sys.exit(0 if Console(names).run_text(text) else 1)
            if not sys.stdin.isatty():
                sys.exit(0 if Console(names).run_input() else 1)
            with line_editing(names):
                Console(names).interact(banner=BANNER.format(broker=masked_text(", ".join(urls))), exitmsg="")
