"""The connection of `call`, `emit` and `shell`: to the configured broker, or to the embedded one of the folder."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import svcrt
from svcrt.cli import broker_file
from svcrt.cli.masking import masked_text
from svcrt.client import Cluster
from svcrt.config import Settings
from svcrt.errors import BrokerUnavailable, StartError

_CONNECT_SECONDS = 3.0


@contextmanager
def connected(settings: Settings, folder: Path) -> Iterator[tuple[Cluster, tuple[str, ...]]]:
    """Connect, and close at the end.

    Args:
        settings: their broker is used if they name one.
        folder: whose embedded broker is used otherwise.

    Returns:
        The cluster, and the broker's URLs.

    Raises:
        StartError: there is no broker to be found, or it is down.
        BrokerRefused: wrong password, virtual host or permission.
    """
    urls = broker_urls(settings, folder)
    # What the link would warn of ends in the one sentence that is raised.
    logging.getLogger("svcrt").addHandler(logging.NullHandler())
    try:
        cluster = svcrt.connect(urls, wait=_CONNECT_SECONDS, encoding=settings.encoding)
    except BrokerUnavailable as error:
        where = " or ".join(map(masked_text, urls))
        raise StartError(f"no connection to the broker at {where}: {error}") from error
    with cluster:
        yield cluster, urls


def broker_urls(settings: Settings, folder: Path) -> tuple[str, ...]:
    """Return the URLs of the configured broker, else that of the embedded broker of `folder`.

    Raises:
        StartError: there is neither.
    """
    if settings.broker:
        return settings.broker
    running = broker_file.find(folder)
    if running is None:
        raise StartError("no broker here; start `svcgen run` in this folder, or name a broker with --broker")
    return (running.url,)
