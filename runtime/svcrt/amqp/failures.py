"""What becomes of a job or an event that failed: another attempt after a delay, or the dead queue."""

import logging
from collections.abc import Callable
from dataclasses import replace

from svcrt import retries, topology
from svcrt.amqp.inflight import Work
from svcrt.amqp.parking import Poison, describe, describe_retry, tried
from svcrt.amqp.republishing import Republisher
from svcrt.contract import Retry
from svcrt.errors import InvalidValue
from svcrt.types import Alarm, Container, Message, Queue

log = logging.getLogger("svcrt.amqp.failures")

MAX_WAITING_HERE = 1000
"""Failed messages of one broadcast that wait in memory for their next attempt; further ones are parked."""


class Failures:
    """Settles what failed on one queue.

    What a durable queue gave waits for its next attempt in a delay queue of the broker, and comes back to whichever
    instance has time. A broadcast is each instance's own, as is its queue: there it waits in memory.

    Args:
        queue: the work queue.
        label: what people call it.
        run: runs once more what waited in memory; must not block.
    """

    def __init__(
        self, container: Container, republisher: Republisher, queue: Queue, label: str, run: Callable[[Work], None]
    ) -> None:
        self._concurrency = container.concurrency
        self._service = container.contract.name
        self._republisher = republisher
        self._queue = queue
        self._label = label
        self._run = run
        self._lock = container.concurrency.lock()
        self._waiting: dict[Work, Alarm] = {}

    def failed(self, work: Work, error: BaseException, retry: Retry | None, on_settled: Callable[[], None]) -> None:
        """Have another attempt made as `retry` says, or park it; never blocks.

        Args:
            on_settled: called once the broker has taken it, or has failed to at the first attempt.
        """
        attempt = tried(work.message) + 1
        delay = retries.delay_ms(retry, attempt)
        if delay is None:
            if attempt > 1:
                log.warning("message %s of %s failed %d times", work.message.message_id, self._label, attempt)
            self.park(work, error, has_run=True, on_settled=on_settled)
            return
        copy = describe_retry(work.message, error, queue=self._label, route=self.route(work))
        copy = replace(copy, expiration=retries.jittered(delay))
        identity, wait = work.message.message_id, retries.spoken(delay)
        log.info("message %s of %s failed (attempt %d); the next in %s", identity, self._label, attempt, wait)
        if not self._queue.name:
            self._wait_here(work, replace(copy, expiration=None), error, delay)
            on_settled()
            return
        try:
            self._republisher.move(
                work,
                copy,
                exchange=topology.retry_name(delay),
                routing_key=self._queue.name,
                purpose="tried again later",
                on_settled=on_settled,
            )
        except InvalidValue as invalid:
            log.error("message %s of %s cannot be tried again: %s; it is parked", identity, self._label, invalid)
            self.park(work, error, has_run=True, on_settled=on_settled)

    def unreadable(self, work: Work, error: InvalidValue, on_settled: Callable[[], None]) -> None:
        """Park what no method can be run with."""
        identity = work.message.message_id
        log.warning("message %s of %s cannot be read and is parked: %s", identity, self._label, error)
        self.park(work, error, on_settled=on_settled)

    def park(
        self,
        work: Work,
        error: BaseException,
        *,
        has_run: bool = False,
        on_settled: Callable[[], None] = lambda: None,
    ) -> None:
        """Move it to the service's dead queue."""
        parked = describe(work.message, error, queue=self._label, route=self.route(work), has_run=has_run)
        if isinstance(error, Poison):
            log.error("message %s of %s is parked: %s", work.message.message_id, self._label, error)
        try:
            self._republisher.move(
                work,
                parked,
                exchange=topology.DEAD_EXCHANGE,
                routing_key=self._service,
                purpose="parked",
                on_settled=on_settled,
            )
        except InvalidValue as invalid:
            # Of a property that is as its sender made it. It stays unacknowledged: to drop it is not ours to decide.
            log.error("message %s of %s cannot be parked: %s; it stays", work.message.message_id, self._label, invalid)
            on_settled()

    def route(self, work: Work) -> tuple[str, str]:
        """Exchange and key that it first came by; for what comes back from elsewhere those of its queue."""
        exchange, key = work.route
        if exchange in ("", topology.BACK_EXCHANGE) and self._queue.bindings:
            origin = self._queue.bindings[0]
            return origin.exchange, origin.key
        return exchange, key

    def close(self) -> None:
        """Forget what waits in memory: a broadcast that this instance has missed is nobody else's."""
        with self._lock:
            alarms = list(self._waiting.values())
            self._waiting.clear()
        for alarm in alarms:
            alarm.cancel()

    def _wait_here(self, work: Work, copy: Message, error: BaseException, delay: int) -> None:
        with self._lock:
            is_full = len(self._waiting) >= MAX_WAITING_HERE
            if not is_full:
                self._waiting[work] = self._concurrency.call_later(delay / 1000, self._wake, work)
        if is_full:
            self.park(work, error, has_run=True)
            return
        # Its queue would not keep it longer than this process does.
        work.ack()
        work.message = copy

    def _wake(self, work: Work) -> None:
        with self._lock:
            is_waiting = self._waiting.pop(work, None) is not None
        if is_waiting:
            self._run(work)
