"""`demo`: three services at work, on one screen."""

import signal
from types import FrameType

import click

from svcgen.cli.exit_codes import FINDINGS
from svcgen.demo.play import play
from svcgen.demo.processes import DemoError

EPILOG = """\b
Examples:
  svcgen demo
  svcgen demo --broker amqp://guest:guest@localhost
"""


@click.command(epilog=EPILOG)
@click.option("--broker", metavar="URL", help="A RabbitMQ to run on.  [default: an embedded broker]")
def command(broker: str | None) -> int:
    """Compile a small shop, run its three services, and show calls, events, a job and timers happening.

    Everything happens in a temporary folder; nothing is left behind but, on a broker of yours, its queues.
    """
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        play(broker, click.echo)
    except DemoError as error:
        click.echo(f"Error: {error}", err=True)
        return FINDINGS
    finally:
        signal.signal(signal.SIGTERM, previous)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # SIGTERM takes the way of Ctrl-C, on which the services are ended, too.
    raise KeyboardInterrupt
