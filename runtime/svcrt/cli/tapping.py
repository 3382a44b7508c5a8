"""A tap: queues of our own beside those of the services, that get copies of calls, jobs, events and parked messages."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from svcrt import topology
from svcrt.errors import BrokerUnavailable
from svcrt.types import Binding, Consumer, Delivery, Link, Queue, Topology

_KEPT = 1000
_LOOK_SECONDS = 2.0
_ANSWER_SECONDS = 5.0
# A terminal that does not keep up, or stands still, costs the broker this much and nobody else anything.
_LIMITS = {
    "x-max-length": _KEPT,
    "x-max-length-bytes": 64 * 1024 * 1024,
    "x-overflow": "drop-head",
    "x-message-ttl": 10_000,
    "x-expires": 30_000,
}


@dataclass(frozen=True, slots=True)
class Caught:
    """A copy, and when it arrived: seconds since 1970, and on the monotonic clock."""

    delivery: Delivery
    at: float
    monotonic: float


class Tap:
    """Listens to services and events over `link` until the link is stopped.

    A service's queues get a companion only once they exist: calls and jobs are published so that one without any queue
    comes back to its sender, and our queue must not pretend that there is a service.

    Args:
        services: full names.
        events: keys of the event exchange: full names, or `#` for all.
    """

    def __init__(self, link: Link, *, services: Sequence[str], events: Sequence[str]) -> None:
        self._link = link
        self._services = services
        self._events = tuple(Binding(topology.EVENT_EXCHANGE, key) for key in events)
        self._caught: deque[Caught] = deque()
        self._more = threading.Condition()
        self._skipped = 0
        self._consumers: list[Consumer] = []
        self._pending: set[Binding] = set()
        self._is_lost = False
        self._is_up = False
        self._look_at = 0.0

    def open(self) -> None:
        """Begin. Raises BrokerError."""
        # There may be no service yet.
        self._link.declare(Topology(exchanges=topology.EXCHANGES))
        self._link.consume(
            _queue(self._events), self._catch, prefetch=0, no_ack=True, on_lost=self._lost, on_ready=self._ready
        )
        self._forget_services()
        self._look()

    def next(self, timeout: float) -> Caught | None:
        """Return the next copy, or None when none has come within `timeout` seconds."""
        if time.monotonic() >= self._look_at:
            self._look()
        with self._more:
            self._more.wait_for(lambda: self._caught or self._is_lost, timeout)
            return self._caught.popleft() if self._caught else None

    def skipped(self) -> int:
        """Return how many copies were thrown away since the last time, because they came too fast."""
        with self._more:
            skipped, self._skipped = self._skipped, 0
        return skipped

    @property
    def is_up(self) -> bool:
        """Whether we are connected and listen."""
        return self._is_up

    def _catch(self, delivery: Delivery) -> None:
        caught = Caught(delivery, time.time(), time.monotonic())
        with self._more:
            if len(self._caught) >= _KEPT:
                self._caught.popleft()
                self._skipped += 1
            self._caught.append(caught)
            self._more.notify()

    def _lost(self) -> None:
        with self._more:
            self._is_lost, self._is_up, self._look_at = True, False, 0.0
            self._more.notify()

    def _ready(self) -> None:
        self._is_up = True

    def _forget_services(self) -> None:
        self._pending = {binding for service in self._services for binding, _ in _watched(service)}

    def _look(self) -> None:
        """Listen to what has come into being since the last look."""
        self._look_at = time.monotonic() + _LOOK_SECONDS
        if self._is_lost:
            # A broker that has lost its queues must not get ours in their place.
            self._is_lost = False
            for consumer in self._consumers:
                consumer.cancel()
            self._consumers.clear()
            self._forget_services()
        if not self._pending:
            return
        try:
            found = tuple(
                binding
                for service in self._services
                for binding, queues in _watched(service)
                if binding in self._pending and self._exists(queues)
            )
            if found:
                self._consumers.append(self._link.consume(_queue(found), self._catch, prefetch=0, no_ack=True))
                self._pending.difference_update(found)
        except BrokerUnavailable:
            # The link connects again, and the next look finds what there is then.
            return

    def _exists(self, queues: Sequence[str]) -> bool:
        return any(self._link.inspect(queue, timeout=_ANSWER_SECONDS) is not None for queue in queues)


def _watched(service: str) -> Iterator[tuple[Binding, Sequence[str]]]:
    """Yield how the messages of `service` reach its queues, each with the names that the queue may have."""
    jobs = [topology.job_queue(service, queue_type).name for queue_type in topology.QUEUE_TYPES]
    yield Binding(topology.RPC_EXCHANGE, service), (topology.rpc_queue(service).name,)
    yield Binding(topology.JOB_EXCHANGE, service), jobs
    yield Binding(topology.DEAD_EXCHANGE, service), topology.dead_queue_names(service)


def _queue(bindings: tuple[Binding, ...]) -> Queue:
    return Queue(name="", durable=False, exclusive=True, arguments=_LIMITS, bindings=bindings)
