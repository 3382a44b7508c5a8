"""Services of `probe_v1` whose jobs and events are tried again, and a foreign look at what the broker holds."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import amqp

from amqp_client import connect
from probe_services import Listener, Probe
from probe_v1 import contract
from svcrt import Attempt, DependencyProvider, WorkerContext
from svcrt.contract import Retry
from svcrt.types import Concurrency
from waiting import WITHIN, wait_until

JOBS = "svc.job.probe.v1.Probe"
DEAD_JOBS = "svc.dead.probe.v1.Probe"
POOL = "svc.event.probe.v1.Happened--probe.v1.Listener.on_pool"
SINGLETON = "svc.event.probe.v1.Happened"
DEAD_EVENTS = "svc.dead.probe.v1.Listener"
QUICK = Retry(attempts=3, backoff_from=0.05, backoff_to=0.1)
"""Delays of 50, 100 and 100 ms."""


class Context(DependencyProvider[WorkerContext]):
    """The worker's context as it is."""

    def get_dependency(self, context: WorkerContext) -> WorkerContext:
        """Return it."""
        return context


def jobs(retry: Retry | None, *, concurrency: int | None = None) -> type[Probe]:
    """Return a probe whose job has this policy."""
    remember = replace(contract.PROBE_REMEMBER, retry=retry, concurrency=concurrency)

    class Retrying(Probe):
        contract = replace(contract.PROBE, oneways=(remember,))
        attempt = Attempt()
        context = Context()

    return Retrying


def events(retry: Retry | None) -> type[Listener]:
    """Return a listener whose handlers have this policy."""
    handlers = tuple(replace(each, retry=retry) for each in contract.LISTENER.subscriptions)

    class Retrying(Listener):
        contract = replace(contract.LISTENER, subscriptions=handlers)
        attempt = Attempt()
        context = Context()

    return Retrying


class Log:
    """What handlers have noted, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.entries: list[Any] = []

    def note(self, entry: Any) -> int:
        """Append an entry; return how many there are."""
        with self._lock:
            self.entries.append(entry)
            return len(self.entries)


class Look:
    """A foreign connection to the broker."""

    def __init__(self, connection: Any) -> None:
        self.channel = connection.channel()

    def count(self, queue: str) -> int:
        """How many messages wait in a queue."""
        return int(self.channel.queue_declare(queue, passive=True).message_count)

    def consumers(self, queue: str) -> int:
        """How many consume from a queue; 0 where it does not exist."""
        try:
            return int(self.channel.queue_declare(queue, passive=True).consumer_count)
        except amqp.NotFound:
            self.channel = self.channel.connection.channel()
            return 0

    def take(self, queue: str, concurrency: Concurrency | None = None, *, within: float = WITHIN) -> Any:
        """Wait for the next message of a queue and take it out."""
        found: list[Any] = []

        def get() -> bool:
            message = self.channel.basic_get(queue, no_ack=True)
            if message is not None:
                found.append(message)
            return bool(found)

        wait_until(get, concurrency, what=f"a message in {queue}", within=within)
        return found[0]


@contextmanager
def looking(url: str) -> Iterator[Look]:
    """Connect for the time of a `with` block."""
    connection = connect(url)
    try:
        yield Look(connection)
    finally:
        connection.close()
