"""Timers on one instance of a service, by a token in a queue with a single active consumer, or on each."""

import logging
import math
import queue
import secrets
import time
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import msgspec

from svcrt import identities, topology
from svcrt.context import WorkerContext
from svcrt.contract import Timer
from svcrt.errors import BrokerError, NotStarted, StartError
from svcrt.schedules import Cron, Every, Schedule
from svcrt.types import Channel, Consumer, Container, Delivery, Entrypoint, Message, Outcome, Task

log = logging.getLogger("svcrt.timers")

ROTATE_AFTER = 600.0
"""Seconds after which a held token is replaced: RabbitMQ closes the channel of one unacknowledged for 30 minutes."""
TAKE_OVER = 60.0
"""Seconds by which a run may come late, when nobody could fire it on time. An instance that fell silent is given up by
the broker after two or three heartbeats."""
CLOCK_SKEW = 5.0
"""Seconds by which the clocks of two instances may differ, and one may be set back, without firing twice."""
_LONGEST_WAIT = 60.0
"""Seconds after which the wall clock is looked at again: it may have been set."""
_CONFIRM_TIMEOUT = 10.0
_RETURN_TIMEOUT = 30.0
"""Seconds that a published token may take to come back; after them somebody has taken it out of the queue."""
_STOP_TIMEOUT = 15.0
_PUBLISH_AGAIN = 1.0
_KILL_TIMEOUT = 1.0

Step: TypeAlias = Callable[[], None]


class Token(msgspec.Struct):
    """A token of a timer: `due` is the last due time that fired, in seconds since 1970; 0.0 where it is not known."""

    due: float


def timer_entrypoints(container: Container) -> list[Entrypoint]:
    """Return the entrypoints of a container's timers.

    Raises:
        StartError: a cron expression or a time zone is not known.
    """
    return [_entrypoint(container.contract.name, timer) for timer in container.contract.timers]


def _entrypoint(service: str, timer: Timer) -> Entrypoint:
    try:
        schedule = Every(timer.every) if timer.every is not None else Cron(timer.cron or "", timer.tz)
    except ValueError as error:
        raise StartError(f"timer `{timer.name}` of {service}: {error}") from error
    return PerInstanceTimer(timer, schedule) if timer.per_instance else SingleTimer(timer, schedule)


class _TimerTask:
    """A task that waits for due times and for steps that others send it; all state belongs to that task."""

    def __init__(self, timer: Timer, schedule: Schedule) -> None:
        self._timer = timer
        self._schedule = schedule

    def setup(self, container: Container) -> None:
        """Prepare; see `svcrt.types.Entrypoint`."""
        self._container = container
        self._label = f"{container.contract.name}.{self._timer.name}"
        self._steps: Channel[Step] = container.concurrency.channel()
        self._quiet = container.concurrency.flag()
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
        if self._task is not None and not self._quiet.wait(_STOP_TIMEOUT):
            log.warning("timer %s: the broker has not answered; it may fire once more", self._label)

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
        # What came before the end is given back, too.
        while True:
            try:
                self._steps.get(timeout=0)()
            except queue.Empty:
                return

    def _run(self, due: float) -> None:
        """Run the method in a worker; `_after_run` follows in this task."""
        self._running = True
        context = WorkerContext(
            service=self._container.contract.name,
            method=self._timer.name,
            call=identities.root_call(),
            data={"due": due},
        )
        self._container.spawn_worker(self._timer.stub, {}, context, self._on_outcome)

    def _on_outcome(self, outcome: Outcome) -> None:
        self._steps.put(partial(self._after_run, outcome))

    def _after_run(self, outcome: Outcome) -> None:
        self._running = False
        if self._stopping:
            self._on_stop()

    def _on_stop(self) -> None:
        self._quiet.set()
        if not self._running:
            self._on_kill()

    def _on_kill(self) -> None:
        self._quiet.set()
        self._ended = True

    def _believes(self, due: float, now: float) -> bool:
        """Whether `due` can have fired: one beyond the next due time comes from a clock that was set back since."""
        return due <= self._schedule.next(now + CLOCK_SKEW)

    def _wake_at(self) -> float | None:
        raise NotImplementedError

    def _on_time(self) -> None:
        raise NotImplementedError


class PerInstanceTimer(_TimerTask):
    """Fires on this instance, whatever others do. A run that lasts longer than the period skips the runs it covers."""

    def setup(self, container: Container) -> None:
        """Prepare; see `svcrt.types.Entrypoint`."""
        super().setup(container)
        self._last = 0.0
        self._due = self._schedule.next(time.time())

    def _wake_at(self) -> float | None:
        return None if self._stopping else self._due

    def _on_time(self) -> None:
        now = time.time()
        if self._stopping:
            return
        if not self._believes(self._last, now):
            self._last = 0.0
        due, self._due = self._due, self._schedule.next(max(self._last, now))
        if due <= now:
            self._last = due
            if not self._running:
                self._run(due)


class SingleTimer(_TimerTask):
    """Fires on one instance: the one that the broker gives the tokens to.

    Whoever starts puts a token into the queue; the holder keeps the one with the latest due time and acknowledges the
    others. To fire it publishes the next token, waits for the confirm and for the token itself, and only then runs:

    - A crash at any point leaves a token, and skips a run rather than doubling it.
    - A token that comes back proves that the broker still takes us for the holder, and that we have seen every token
      before it. Without that, an instance that has not noticed the loss of its consumer would fire beside its
      successor, and a successor that has seen an older token first would fire again.
    """

    def setup(self, container: Container) -> None:
        """Prepare; see `svcrt.types.Entrypoint`."""
        super().setup(container)
        self._queue = topology.timer_queue(container.contract.name, self._timer.name)
        self._consumer: Consumer | None = None
        self._held: Delivery | None = None
        self._held_due = 0.0
        # The last due time that fired, as far as we know, and what we knew before that.
        self._last = self._before = 0.0
        self._began = math.inf
        self._due = math.inf
        self._firing: str | None = None
        self._firing_until = math.inf
        self._rotate_at = math.inf
        self._offer_at = math.inf
        self._retry_at = 0.0

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
        wake_at = self._offer_at
        if self._firing is not None:
            wake_at = min(wake_at, self._firing_until)
        elif self._held is not None:
            wake_at = min(wake_at, max(min(self._due, self._rotate_at), self._retry_at))
        return None if wake_at == math.inf else wake_at

    def _on_time(self) -> None:
        now = time.time()
        if self._stopping:
            return
        if now >= self._offer_at:
            self._offer()
        if self._firing is not None:
            if now < self._firing_until:
                return
            log.warning("timer %s: a token has not come back; a policy must not expire or drop them", self._label)
            self._firing = None
        if self._held is None:
            return
        self._plan(now)
        if now < self._retry_at:
            return
        if now >= self._due:
            self._fire(self._due, now)
        elif now >= self._rotate_at:
            self._rotate_at = math.inf
            if self._publish(self._last) is None:
                self._rotate_at = self._retry_at = time.time() + _PUBLISH_AGAIN

    def _plan(self, now: float) -> None:
        """Compute the next due time: one that was missed a moment ago, else the first to come."""
        if not self._believes(self._last, now):
            self._last = self._held_due = 0.0
        self._began = min(self._began, now)
        since = max(self._last or self._began, now - TAKE_OVER)
        self._due = self._schedule.latest(since, now) or self._schedule.next(max(self._last, now))

    def _fire(self, due: float, now: float) -> None:
        if self._running:
            log.warning("timer %s: the run before is not done; this one is skipped", self._label)
            self._last = due
            self._plan(now)
            return
        self._firing = self._publish(due)
        if self._firing is None:
            self._retry_at = time.time() + _PUBLISH_AGAIN
        else:
            self._firing_until = time.time() + _RETURN_TIMEOUT

    def _offer(self) -> None:
        """Put a token into the queue that says nothing: it must not hide a due time."""
        if not self._stopping:
            self._offer_at = time.time() + _PUBLISH_AGAIN if self._publish(0.0) is None else math.inf

    def _publish(self, due: float) -> str | None:
        """Put a token into the queue; return its identity, None if the broker has not taken it."""
        identity = secrets.token_hex(8)
        message = Message(
            body=msgspec.json.encode(Token(due)),
            type="svc.Token",
            message_id=identity,
            app_id=self._container.instance,
            persistent=True,
        )
        try:
            self._container.link.publish(
                message, exchange="", routing_key=self._queue.name, mandatory=True, timeout=_CONFIRM_TIMEOUT
            )
        except BrokerError as error:
            log.warning("timer %s: the token could not be published: %s", self._label, error)
            return None
        return identity

    def _on_token(self, delivery: Delivery) -> None:
        if self._ended:
            delivery.reject(requeue=True)
            return
        try:
            due = msgspec.json.decode(delivery.message.body, type=Token).due
        except (msgspec.MsgspecError, RecursionError) as error:
            log.warning("timer %s: an unreadable token was dropped: %s", self._label, error)
            delivery.ack()
            return
        now = time.time()
        if not self._believes(due, now):
            due = 0.0
        self._keep(delivery, due, now)
        fires = self._firing is not None and delivery.message.message_id == self._firing
        if fires:
            self._firing = None
        if fires and due > self._last:
            self._before, self._last = self._last or self._began, due
            self._run(due)
        self._last = max(self._last, due)
        self._plan(now)
        if self._stopping:
            self._on_stop()

    def _keep(self, delivery: Delivery, due: float, now: float) -> None:
        """Hold the token that says more, and acknowledge the other."""
        if self._held is None:
            self._began = now
        elif due < self._held_due:
            delivery.ack()
            return
        else:
            self._held.ack()
        self._held, self._held_due = delivery, due
        self._rotate_at = now + ROTATE_AFTER

    def _on_lost(self) -> None:
        # The broker has the tokens again and gives them to another instance, or to us once more.
        self._held = None
        self._firing = None
        if self._stopping:
            self._on_stop()

    def _after_run(self, outcome: Outcome) -> None:
        if isinstance(outcome.error, NotStarted):
            # It waited in line for a worker when we were told to stop: whoever takes over runs it.
            self._last = self._before
        super()._after_run(outcome)

    def _on_stop(self) -> None:
        # A token under way fires here, or its run would be skipped.
        if self._firing is None:
            super()._on_stop()

    def _on_kill(self) -> None:
        if self._ended:
            return
        super()._on_kill()
        if self._consumer is not None:
            self._consumer.cancel()
        if self._held is not None:
            # It says more than has run when a run never began, and less when one was skipped.
            if self._last != self._held_due and self._publish(self._last) is not None:
                self._held.ack()
            else:
                self._held.reject(requeue=True)
            self._held = None
