"""`demo`: services at work, on one screen."""

import signal
from types import FrameType

import click

from svcgen.cli.exit_codes import FINDINGS
from svcgen.demo.play import play, play_all
from svcgen.demo.processes import DemoError

EPILOG = """\b
Examples:
  svcgen demo
  svcgen demo --all
  svcgen demo --broker amqp://guest:guest@localhost
"""


@click.command(epilog=EPILOG)
@click.option("--broker", metavar="URL", help="A RabbitMQ to run on.  [default: an embedded broker]")
@click.option(
    "--all", "is_tour", is_flag=True, help="A tour of everything, in sixteen steps; up to a minute and a half."
)
def command(broker: str | None, is_tour: bool) -> int:
    """Compile a small shop, run its three services, and show calls, events, a job and timers happening.

    With --all a parcel office instead, which does everything once: a database, streams, web sockets, a browser, an
    asyncio client, own extensions, a rolling restart, a cron tick and the rest.

    Everything happens in a temporary folder; nothing is left behind but, on a broker of yours, its queues.
    """
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        (play_all if is_tour else play)(broker, click.echo)
    except DemoError as error:
        click.echo(f"Error: {error}", err=True)
        return FINDINGS
    finally:
        signal.signal(signal.SIGTERM, previous)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # SIGTERM takes the way of Ctrl-C, on which the services are ended, too.
    raise KeyboardInterrupt
