"""The connection of `call`, `shell`, `tail` and the like: to the configured broker, or the folder's embedded one."""

import logging
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import svcrt
from svcrt.amqp import AmqpLink
from svcrt.cli import broker_file
from svcrt.cli.masking import masked_text
from svcrt.client import Cluster
from svcrt.concurrency import backend
from svcrt.config import Settings
from svcrt.errors import BrokerUnavailable, StartError

_CONNECT_SECONDS = 3.0


@contextmanager
def connected(
    settings: Settings, folder: Path, *, authorization: str | None = None
) -> Iterator[tuple[Cluster, tuple[str, ...]]]:
    """Connect, and close at the end.

    Args:
        settings: their broker is used if they name one.
        folder: whose embedded broker is used otherwise.
        authorization: credential that goes along with calls.

    Returns:
        The cluster, and the broker's URLs.

    Raises:
        StartError: there is no broker to be found, or it is down.
        BrokerRefused: wrong password, virtual host or permission.
    """
    urls = broker_urls(settings, folder)
    with _one_reason(urls):
        cluster = svcrt.connect(
            urls,
            wait=_CONNECT_SECONDS,
            encoding=settings.encoding,
            link=settings.link,
            authorization=authorization,
        )
    with cluster:
        yield cluster, urls


@contextmanager
def linked(settings: Settings, folder: Path) -> Iterator[tuple[AmqpLink, str]]:
    """Connect to queues and exchanges themselves, as `connected` does; the text names the broker, password masked."""
    urls = broker_urls(settings, folder)
    name = f"operator@{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    heartbeat = max(1, round(settings.heartbeat))
    link = AmqpLink(urls, backend("threads"), name=name, heartbeat=heartbeat, single=True, kind=settings.link)
    with _one_reason(urls):
        link.start(wait=_CONNECT_SECONDS)
    try:
        yield link, masked_text(" or ".join(urls))
    finally:
        link.stop()


@contextmanager
def _one_reason(urls: Sequence[str]) -> Iterator[None]:
    # What the link would warn of ends in the one sentence that is raised.
    logging.getLogger("svcrt").addHandler(logging.NullHandler())
    try:
        yield
    except BrokerUnavailable as error:
        where = " or ".join(map(masked_text, urls))
        raise StartError(f"no connection to the broker at {where}: {error}") from error


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
