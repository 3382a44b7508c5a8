"""What jobs and events have in common: at least once, acknowledged after the handler, parked when that fails."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from svcrt.amqp.inflight import InFlight, Work, guarded, hand_over, read_call
from svcrt.amqp.parking import Parking
from svcrt.context import CallContext, WorkerContext
from svcrt.errors import InvalidValue, NotStarted
from svcrt.types import Consumer, Container, Delivery, Message, Outcome, Queue

log = logging.getLogger("svcrt.amqp.durable")

_SETTLE_TIMEOUT = 10.0
"""Seconds that a worker waits for its failed message to be parked; the parking goes on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a message asks for: the method, by both names, and what it is called with."""

    method: str
    stub: str
    positional: tuple[object, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict)


class DurableEntrypoint:
    """Consumes one queue. See `svcrt.types.Entrypoint`.

    Args:
        queue: the queue; one that the broker names is this process's own, and nothing of it is handed over.
        read: turns a message into a task; raises InvalidValue.
        prefetch: messages at a time; None for one per worker.
    """

    def __init__(self, queue: Queue, read: Callable[[Message], Task], *, prefetch: int | None = None) -> None:
        self._queue = queue
        self._read = read
        self._prefetch = prefetch
        self._label = queue.name or f"the broadcast of {', '.join(each.key for each in queue.bindings)}"
        self._consumer: Consumer | None = None

    def setup(self, container: Container) -> None:
        """Get ready to park."""
        self._container = container
        self._in_flight = InFlight(container.concurrency)
        self._parking = Parking(
            container.concurrency, container.link, service=container.contract.name, app_id=container.instance
        )

    def start(self) -> None:
        """Consume."""
        prefetch = min(self._prefetch or self._container.max_workers, self._container.max_workers)
        take = guarded(self._on_delivery, self._label)
        self._consumer = self._container.link.consume(self._queue, take, prefetch=prefetch)

    def stop(self) -> None:
        """Take nothing any more."""
        if self._consumer is not None:
            self._consumer.cancel()

    def kill(self) -> None:
        """Nothing is held: what is unacknowledged goes back when the connection closes."""

    def _on_delivery(self, delivery: Delivery) -> None:
        work = self._in_flight.take(delivery, delivery.message.message_id)
        if work is None:
            return
        try:
            # Whoever wrote a credential into a queue: it is not used, and does not travel on.
            call = replace(read_call(delivery.message), authorization=None)
            task = self._read(delivery.message)
        except InvalidValue as error:
            identity = delivery.message.message_id
            log.warning("message %s of %s cannot be read and is parked: %s", identity, self._label, error)
            self._parking.park(work, self._label, error, on_settled=lambda: None)
            return
        context = WorkerContext(service=self._container.contract.name, method=task.method, call=call)
        on_outcome = partial(self._on_outcome, work, call)
        self._container.spawn_worker(task.stub, task.arguments, context, on_outcome, positional=task.positional)

    def _on_outcome(self, work: Work, call: CallContext, outcome: Outcome) -> None:
        if outcome.error is None:
            work.ack()
        elif isinstance(outcome.error, NotStarted):
            if self._queue.name:
                hand_over(self._container.link, work, self._queue.name, call)
        else:
            settled = self._container.concurrency.flag()
            self._parking.park(work, self._label, outcome.error, on_settled=settled.set)
            # A stopping process must not close the link under it.
            settled.wait(_SETTLE_TIMEOUT)
