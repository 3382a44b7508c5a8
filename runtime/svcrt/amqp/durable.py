"""What jobs and events have in common: at least once, acknowledged after the handler, tried again when that fails."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from svcrt.amqp.failures import Failures
from svcrt.amqp.inflight import InFlight, Work, guarded, hand_over, read_call
from svcrt.amqp.parking import crashes, tried
from svcrt.amqp.republishing import Republisher
from svcrt.amqp.suspects import Suspects
from svcrt.context import CallContext, WorkerContext
from svcrt.contract import Retry
from svcrt.errors import InvalidValue, NotStarted
from svcrt.topology import CLASSIC, service_topology
from svcrt.types import Consumer, Container, Delivery, Message, Outcome, Queue

log = logging.getLogger("svcrt.amqp.durable")

_SETTLE_TIMEOUT = 10.0
"""Seconds that a worker waits for its failed message to be moved; the moving goes on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a message asks for: the method, by both names, what it is called with, what becomes of a failure."""

    method: str
    stub: str
    positional: tuple[object, ...] = ()
    arguments: Mapping[str, object] = field(default_factory=dict)
    retry: Retry | None = None


class DurableEntrypoint:
    """Consumes one queue. See `svcrt.types.Entrypoint`.

    Args:
        queue: the queue; one that the broker names is this process's own, and nothing of it is handed over.
        read: turns a message into a task; raises InvalidValue.
        prefetch: messages at a time; None for one per worker.
        queue_type: one of `topology.QUEUE_TYPES`, of the service's queues.
    """

    def __init__(
        self,
        queue: Queue,
        read: Callable[[Message], Task],
        *,
        prefetch: int | None = None,
        queue_type: str = CLASSIC,
    ) -> None:
        self._queue = queue
        self._queue_type = queue_type
        self._read = read
        self._prefetch = prefetch
        self._label = queue.name or f"the broadcast of {', '.join(each.key for each in queue.bindings)}"
        self._consumer: Consumer | None = None
        self._suspects: Suspects | None = None

    def setup(self, container: Container) -> None:
        """Get ready to settle what fails."""
        self._container = container
        self._in_flight = InFlight(container.concurrency)
        topology = service_topology(container.contract, self._queue_type)
        self._republisher = Republisher(container.concurrency, container.link, topology)
        self._failures = Failures(container, self._republisher, self._queue, self._label, self._run)
        # What the broker has named is gone with the process that it might have killed.
        if self._queue.name:
            self._suspects = Suspects(
                container,
                self._queue,
                in_flight=self._in_flight,
                republisher=self._republisher,
                failures=self._failures,
                run=self._run_suspect,
            )

    def start(self) -> None:
        """Consume."""
        prefetch = min(self._prefetch or self._container.max_workers, self._container.max_workers)
        take = guarded(self._on_delivery, self._label)
        self._consumer = self._container.link.consume(self._queue, take, prefetch=prefetch)
        if self._suspects is not None:
            self._suspects.resume()

    def stop(self) -> None:
        """Take nothing any more."""
        if self._suspects is not None:
            self._suspects.stop()
        if self._consumer is not None:
            self._consumer.cancel()

    def kill(self) -> None:
        """Offer nothing any more: what is unacknowledged goes back when the connection closes."""
        self._republisher.close()
        self._failures.close()

    def _on_delivery(self, delivery: Delivery) -> None:
        work = self._in_flight.take(delivery, delivery.message.message_id)
        if work is None:
            return
        if delivery.redelivered and self._suspects is not None:
            self._suspects.accuse(work)
        else:
            self._run(work)

    def _run_suspect(self, work: Work, on_settled: Callable[[], None]) -> None:
        assert self._suspects is not None
        self._run(work, queue=self._suspects.name, on_settled=on_settled)

    def _run(self, work: Work, *, queue: str | None = None, on_settled: Callable[[], None] = lambda: None) -> None:
        message = work.message
        try:
            # Whoever wrote a credential into a queue: it is not used, and does not travel on.
            call = replace(read_call(message), authorization=None)
            task = self._read(message)
        except InvalidValue as error:
            self._failures.unreadable(work, error, on_settled)
            return
        context = WorkerContext(
            service=self._container.contract.name,
            method=task.method,
            call=call,
            attempt=1 + tried(message) + crashes(message),
        )
        on_outcome = partial(self._on_outcome, work, task, call, self._queue.name if queue is None else queue)

        def settle(outcome: Outcome) -> None:
            try:
                on_outcome(outcome)
            finally:
                on_settled()

        self._container.spawn_worker(task.stub, task.arguments, context, settle, positional=task.positional)

    def _on_outcome(self, work: Work, task: Task, call: CallContext, queue: str, outcome: Outcome) -> None:
        if outcome.error is None:
            work.ack()
        elif isinstance(outcome.error, NotStarted):
            if queue:
                hand_over(self._container.link, work, queue, call)
        else:
            settled = self._container.concurrency.flag()
            self._failures.failed(work, outcome.error, task.retry, settled.set)
            # A stopping process must not close the link under it.
            settled.wait(_SETTLE_TIMEOUT)
