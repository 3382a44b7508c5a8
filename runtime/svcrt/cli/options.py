"""Options that several commands share, and how flags become settings."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from svcrt import config
from svcrt.config import Configuration, Flag

broker_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--broker",
    metavar="URL",
    multiple=True,
    help="Broker, as amqp://user:password@host:5672/vhost; several times for the nodes of a cluster.",
)
config_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Configuration file instead of ./svcgen.toml.",
)

authorization_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--authorization",
    metavar="CREDENTIAL",
    envvar="SVCGEN_AUTHORIZATION",
    show_envvar=True,
    help="Who calls, for members with @auth, as an Authorization header has it. Other users may see it among the "
    "arguments of the process: there, use the variable.",
)


def configuration(config_file: Path | None, **flags: Flag | None) -> Configuration:
    """Read the settings that hold in the current folder; raises ConfigError.

    Args:
        config_file: what `--config` names.
        flags: by key of `Settings`, those that were given.
    """
    given = {key: flag for key, flag in flags.items() if flag is not None}
    return config.load(Path.cwd(), file=config_file, environment=os.environ, flags=given)


def broker_flag(urls: tuple[str, ...]) -> Flag | None:
    """Return what `--broker` says."""
    return Flag("--broker", ",".join(urls)) if urls else None
