"""Timers: `every` on one instance of a service, by a token in a queue with a single active consumer, or on each."""

import logging
import math
import queue
import time
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from svcrt import topology, wire
from svcrt.context import CallContext, WorkerContext
from svcrt.contract import Timer
from svcrt.errors import BrokerError, StartError
from svcrt.types import Channel, Consumer, Container, Delivery, Entrypoint, Message, Outcome, Task

log = logging.getLogger("svcrt.timers")

ROTATE_AFTER = 600.0
"""Seconds after which a held token is replaced: RabbitMQ closes the channel of one unacknowledged for 30 minutes."""
_LONGEST_WAIT = 60.0
"""Seconds after which the wall clock is looked at again: it may have been set."""
_CONFIRM_TIMEOUT = 10.0
_PUBLISH_AGAIN = 1.0
_KILL_TIMEOUT = 1.0

Step: TypeAlias = Callable[[], None]


class Token(msgspec.Struct):
    """The one token of a timer: `due` is the last due time that fired, in seconds since 1970."""

    due: float


def next_due(period: float, last: float, now: float) -> float:
    """Return the first multiple of `period` after both `last` and `now`, all in seconds since 1970.

    Every instance computes the same times, they do not drift, and runs that were missed are skipped.
    """
    return (math.floor(max(last, now) / period) + 1) * period


def timer_entrypoints(container: Container) -> list[Entrypoint]:
    """Return the entrypoints of a container's timers.

    Raises:
        StartError: a timer follows a cron expression.
    """
    return [_entrypoint(container.contract.name, timer) for timer in container.contract.timers]


def _entrypoint(service: str, timer: Timer) -> Entrypoint:
    if timer.every is None:
        raise StartError(
            f"timer `{timer.name}` of {service} follows the cron expression `{timer.cron}`, which this version does "
            "not run yet: use `every`"
        )
    return PerInstanceTimer(timer, timer.every) if timer.per_instance else SingleTimer(timer, timer.every)


class _TimerTask:
    """A task that waits for due times and for steps that others send it; all state belongs to that task."""

    def __init__(self, timer: Timer, period: float) -> None:
        self._timer = timer
        self._period = period

    def setup(self, container: Container) -> None:
        """Prepare; see `svcrt.types.Entrypoint`."""
        self._container = container
        self._label = f"{container.contract.name}.{self._timer.name}"
        self._steps: Channel[Step] = container.concurrency.channel()
        self._stopping = False
        self._ended = False
        self._running = False
        self._task: Task | None = None

    def start(self) -> None:
        """Begin to wait for due times."""
        self._task = self._container.concurrency.spawn(self._wait, name=f"timer {self._label}")

    def stop(self) -> None:
        """Fire no more; a run under way goes on."""
        self._stopping = True
        self._steps.put(self._on_stop)

    def kill(self) -> None:
        """Let go of everything."""
        self._stopping = True
        self._steps.put(self._on_kill)
        if self._task is not None:
            self._task.join(_KILL_TIMEOUT)

    def _wait(self) -> None:
        while not self._ended:
            wake_at = self._wake_at()
            timeout = _LONGEST_WAIT if wake_at is None else min(max(wake_at - time.time(), 0.0), _LONGEST_WAIT)
            try:
                step = self._steps.get(timeout=timeout)
            except queue.Empty:
                step = self._on_time
            step()

    def _run(self, due: float) -> None:
        """Run the method in a worker; `_after_run` follows in this task."""
        self._running = True
        call = CallContext(call_id=wire.CALL_IDS.next(), traceparent=wire.new_trace())
        context = WorkerContext(
            service=self._container.contract.name, method=self._timer.name, call=call, data={"due": due}
        )
        self._container.spawn_worker(self._timer.stub, {}, context, self._on_outcome)

    def _on_outcome(self, outcome: Outcome) -> None:
        self._steps.put(self._after_run)

    def _after_run(self) -> None:
        self._running = False
        if self._stopping:
            self._on_stop()

    def _on_stop(self) -> None:
        if not self._running:
            self._on_kill()

    def _on_kill(self) -> None:
        self._ended = True

    def _wake_at(self) -> float | None:
        raise NotImplementedError

    def _on_time(self) -> None:
        raise NotImplementedError


class PerInstanceTimer(_TimerTask):
    """Fires on this instance, whatever others do. A run that lasts longer than the period skips the runs it covers."""

    def setup(self, container: Container) -> None:
        """Prepare; see `svcrt.types.Entrypoint`."""
        super().setup(container)
        self._due = next_due(self._period, 0.0, time.time())

    def _wake_at(self) -> float | None:
        return None if self._stopping else self._due

    def _on_time(self) -> None:
        now = time.time()
        if self._stopping:
            return
        if self._due > now + self._period:
            self._due = next_due(self._period, 0.0, now)
        if now < self._due:
            return
        due, self._due = self._due, next_due(self._period, self._due, now)
        if not self._running:
            self._run(due)


class SingleTimer(_TimerTask):
    """Fires on one instance: the one that the broker gives the token to.

    Whoever starts puts a token into the queue; the holder keeps the one with the latest due time and acknowledges the
    others. To fire it publishes the next token, waits for the confirm, acknowledges the old one, and only then runs: a
    crash at any point leaves a token, and skips a run rather than doubling it. A holder that loses its connection (or
    is frozen) while the method runs can overlap with its successor's run; nothing else overlaps.
    """

    def setup(self, container: Container) -> None:
        """Prepare; see `svcrt.types.Entrypoint`."""
        super().setup(container)
        self._queue = topology.timer_queue(container.contract.name, self._timer.name)
        self._consumer: Consumer | None = None
        self._held: Delivery | None = None
        self._last = 0.0
        self._due = math.inf
        self._rotate_at = math.inf
        self._offer_at = math.inf

    def start(self) -> None:
        """Consume tokens and offer one."""
        self._consumer = self._container.link.consume(
            self._queue,
            lambda delivery: self._steps.put(lambda: self._on_token(delivery)),
            # The holder must see every starter's token to merge it: no limit.
            prefetch=0,
            on_lost=lambda: self._steps.put(self._on_lost),
            on_ready=lambda: self._steps.put(self._offer),
        )
        super().start()

    def _wake_at(self) -> float | None:
        if self._stopping:
            return None
        due = min(self._due, self._rotate_at) if self._held is not None else math.inf
        wake_at = min(due, self._offer_at)
        return None if wake_at == math.inf else wake_at

    def _on_time(self) -> None:
        now = time.time()
        if self._stopping:
            return
        if now >= self._offer_at:
            self._offer()
        if math.inf > self._due > now + self._period:
            self._last, self._due = 0.0, next_due(self._period, 0.0, now)
        if self._held is None:
            return
        if now >= self._due:
            self._fire(self._held, self._due, now)
        elif now >= self._rotate_at:
            self._replace(self._held, self._last)

    def _fire(self, held: Delivery, due: float, now: float) -> None:
        self._due = next_due(self._period, due, now)
        if self._running:
            log.warning("timer %s: the run before is not done; this one is skipped", self._label)
        elif self._replace(held, due):
            self._run(due)

    def _replace(self, held: Delivery, due: float) -> bool:
        """Exchange the held token for one that says `due`; tell whether that succeeded."""
        if not self._publish(due):
            return False
        self._last = max(self._last, due)
        self._held = None
        held.ack()
        return True

    def _offer(self) -> None:
        """Put a token into the queue. It says the due time before the last: it must never hide one that is firing."""
        if self._stopping:
            return
        before = next_due(self._period, 0.0, time.time()) - 2 * self._period
        self._offer_at = math.inf if self._publish(before) else time.time() + _PUBLISH_AGAIN

    def _publish(self, due: float) -> bool:
        message = Message(
            body=msgspec.json.encode(Token(due)), type="svc.Token", app_id=self._container.instance, persistent=True
        )
        try:
            self._container.link.publish(
                message, exchange="", routing_key=self._queue.name, mandatory=True, timeout=_CONFIRM_TIMEOUT
            )
        except BrokerError as error:
            log.warning("timer %s: the token could not be published: %s", self._label, error)
            return False
        return True

    def _on_token(self, delivery: Delivery) -> None:
        if self._ended:
            delivery.reject(requeue=True)
            return
        try:
            due = msgspec.json.decode(delivery.message.body, type=Token).due
        except msgspec.MsgspecError as error:
            log.warning("timer %s: an unreadable token was dropped: %s", self._label, error)
            delivery.ack()
            return
        if self._held is not None:
            self._held.ack()
        self._held = delivery
        now = time.time()
        self._rotate_at = now + ROTATE_AFTER
        # A due time further ahead comes from a clock that was set back since: believed, it would silence the timer.
        if due <= now + self._period:
            self._last = max(self._last, due)
        if self._due == math.inf or self._last >= self._due:
            self._due = next_due(self._period, self._last, now)

    def _on_lost(self) -> None:
        # The broker has the token again and gives it to another instance, or to us once more.
        self._held = None
        self._last = 0.0
        self._due = math.inf

    def _on_kill(self) -> None:
        if not self._ended:
            self._ended = True
            if self._consumer is not None:
                self._consumer.cancel()
            if self._held is not None:
                self._held.reject(requeue=True)
                self._held = None
