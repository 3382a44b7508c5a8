"""`run`: serve the services named, until a signal."""

import sys
from functools import partial
from pathlib import Path

import click

from svcrt.cli import logs, show_config
from svcrt.cli.failing import one_sentence
from svcrt.cli.options import broker_flag, broker_option, config_option, configuration
from svcrt.config import LOG_FORMATS, LOG_LEVELS, QUEUE_TYPES, Flag
from svcrt.errors import StartError

EPILOG = """\b
Examples:
  svcgen run greeter:Greeter
  svcgen run shop.orders:Orders shop.billing:Billing --http 0.0.0.0:8080
  svcgen run --broker amqp://user:password@rabbit:5672/ --workers 4 --admin 0.0.0.0:8001 --log-format json
  svcgen run --reload
"""


@click.command(epilog=EPILOG)
@click.argument("services", metavar="[MODULE:CLASS]...", nargs=-1)
@broker_option
@click.option("--http", metavar="HOST:PORT", help="Where HTTP listens.  [default: 127.0.0.1:8000 or the next free]")
@click.option("--no-http", is_flag=True, help="Serve no HTTP.")
@click.option(
    "--origin",
    "origins",
    metavar="ORIGIN",
    multiple=True,
    help="Whose pages may open web sockets beside our own, as https://shop.example; * for all.",
)
@click.option("--admin", metavar="HOST:PORT", help="Where /live and /ready are told.  [default: nowhere]")
@click.option("--workers", metavar="N", help="Worker processes, each with all services.  [default: 1]")
@click.option("--max-workers", metavar="N", help="Requests that each service works on at a time.  [default: 10]")
@click.option("--drain", metavar="SECONDS", help="What running work has to end in when stopped.  [default: 30]")
@click.option("--queues", metavar="TYPE", help=f"{' or '.join(QUEUE_TYPES)}, for jobs and events.  [default: classic]")
@click.option("--log-level", metavar="LEVEL", help=f"{', '.join(LOG_LEVELS)}.  [default: info]")
@click.option("--log-format", metavar="FORMAT", help=f"{' or '.join(LOG_FORMATS)}.  [default: text]")
@click.option("--reload", "is_reloading", is_flag=True, help="Restart the workers when a file of the project changes.")
@config_option
@click.option("--show-config", "is_shown", is_flag=True, help="Print each setting and where it came from, then exit.")
def command(
    services: tuple[str, ...],
    broker: tuple[str, ...],
    http: str | None,
    no_http: bool,
    origins: tuple[str, ...],
    admin: str | None,
    workers: str | None,
    max_workers: str | None,
    drain: str | None,
    queues: str | None,
    log_level: str | None,
    log_format: str | None,
    is_reloading: bool,
    config_file: Path | None,
    is_shown: bool,
) -> None:
    """Run services until SIGTERM or Ctrl-C.

    MODULE:CLASS names a service; modules are looked for in the current folder first. Without names the `services` of
    svcgen.toml run. Without a broker an embedded one is started, in memory, which every run in this folder shares.
    """
    if http is not None and no_http:
        raise click.UsageError("--http and --no-http contradict each other")
    flags = {
        "services": Flag("MODULE:CLASS", ",".join(services)) if services else None,
        "broker": broker_flag(broker),
        "http": Flag("--no-http", "off") if no_http else _flag("--http", http),
        "origins": Flag("--origin", ",".join(origins)) if origins else None,
        "admin": _flag("--admin", admin),
        "workers": _flag("--workers", workers),
        "max_workers": _flag("--max-workers", max_workers),
        "drain": _flag("--drain", drain),
        "queues": _flag("--queues", queues),
        "log_level": _flag("--log-level", log_level),
        "log_format": _flag("--log-format", log_format),
    }
    with one_sentence():
        resolved = configuration(config_file, **flags)
        if is_shown:
            click.echo(show_config.table(resolved))
            return
        if not resolved.settings.services:
            raise StartError(
                "nothing to run; name a service, as in `svcgen run greeter:Greeter`, or set `services` in svcgen.toml"
            )
        logs.configure(level=resolved.settings.log_level, style=resolved.settings.log_format)
        # Selectors and subprocess are not free to import, and `--help` needs neither.
        from svcrt.cli.supervisor import Supervisor

        reread = partial(configuration, config_file, **flags) if is_reloading else None
        sys.exit(Supervisor(resolved, Path.cwd(), reread=reread).run())


def _flag(name: str, text: str | None) -> Flag | None:
    return None if text is None else Flag(name, text)
