"""Suspects: what came back without an outcome is run one at a time, and parked when three processes have died of it."""

import logging
import queue
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from svcrt import topology
from svcrt.amqp.failures import Failures
from svcrt.amqp.inflight import HAND_OVER_TIMEOUT, InFlight, Work, guarded
from svcrt.amqp.parking import Poison, crashes, describe_suspect
from svcrt.amqp.republishing import Republisher
from svcrt.concurrency import backend
from svcrt.errors import BrokerError, InvalidValue
from svcrt.extensions import SharedExtension
from svcrt.types import Channel, Consumer, Container, Delivery, Queue

log = logging.getLogger("svcrt.amqp.suspects")

MAX_CRASHES = 3
"""Processes that may die of a message before it is parked."""
_GATHER = 0.2
"""Seconds in which what a crash has left behind arrives from all queues, before the first of it is run."""
_LINGER = 0.1
"""Seconds that the next message of the same queue may take to be run without gathering once more."""
_NEXT_TURN = 0.5
"""Seconds that a queue whose turn it is may take to give its next message."""
_CONSUME_AGAIN = 5.0


class Suspects:
    """The suspect queue of one work queue.

    A message that the broker delivers again, and that is not running here, may have killed the process that had it, or
    have been beside the one that did. Counting on the work queue would park the innocent along with the guilty. So it
    goes to a queue of its own, with its count, and what dies there dies alone.

    Args:
        work_queue: the queue that is suspect of.
        in_flight: what is running here from either queue.
        run: runs a message, then calls what it is given; must not block.
    """

    def __init__(
        self,
        container: Container,
        work_queue: Queue,
        *,
        in_flight: InFlight,
        republisher: Republisher,
        failures: Failures,
        run: Callable[[Work, Callable[[], None]], None],
    ) -> None:
        self.run = run
        self._container = container
        self._queue = topology.suspect_queue(work_queue.name)
        self._in_flight = in_flight
        self._republisher = republisher
        self._failures = failures
        self._line = container.share(SuspectLine, container.concurrency.name)
        self._consumer: Consumer | None = None
        self._is_stopped = False
        # The line pauses and resumes in its own task; none may begin to consume after `stop`.
        self._switching = container.concurrency.lock()

    @property
    def name(self) -> str:
        """Name of the suspect queue."""
        return self._queue.name

    def accuse(self, work: Work) -> None:
        """Move a message that came back to the end of the suspect queue, one crash more; park it at the third."""
        count = crashes(work.message) + 1
        if count >= MAX_CRASHES:
            text = f"{count} processes ended, or lost their connection, while they had it"
            self._failures.park(work, Poison(text))
            return
        copy = describe_suspect(work.message, route=self._failures.route(work))
        log.warning("message %s came back without an outcome; it goes to `%s`", work.message.message_id, self.name)
        try:
            self._republisher.move(work, copy, exchange="", routing_key=self.name, purpose="suspected")
        except InvalidValue as error:
            self._failures.unreadable(work, error, lambda: None)

    def resume(self) -> None:
        """Consume, one message at a time. Raises BrokerError."""
        take = guarded(self._on_delivery, self.name)
        with self._switching:
            if not self._is_stopped and self._consumer is None:
                self._consumer = self._container.link.consume(self._queue, take, prefetch=1)

    def pause(self) -> None:
        """Consume no more until `resume`; no message comes when it has returned."""
        with self._switching:
            consumer, self._consumer = self._consumer, None
            if consumer is not None:
                consumer.cancel()

    def stop(self) -> None:
        """Consume no more; what waits for its turn goes back unharmed."""
        self._is_stopped = True
        self.pause()
        self._line.put_off(self)

    def put_back(self, work: Work) -> bool:
        """Put what has not begun at the end of the queue, not as a crash; tell whether it is there."""
        try:
            self._container.link.publish(
                work.message, exchange="", routing_key=self.name, mandatory=True, timeout=HAND_OVER_TIMEOUT
            )
        except (BrokerError, InvalidValue) as error:
            log.warning("message %s of %s could not be put back: %s", work.message.message_id, self.name, error)
            return False
        work.ack()
        return True

    def flush(self) -> None:
        """Wait until the broker has our acknowledgements."""
        try:
            # The first question may overtake them, the second cannot.
            for _ in range(2):
                self._container.link.inspect(self.name, timeout=HAND_OVER_TIMEOUT)
        except BrokerError as error:
            log.debug("the acknowledgements of %s may be lost: %s", self.name, error)

    def _on_delivery(self, delivery: Delivery) -> None:
        work = self._in_flight.take(delivery, delivery.message.message_id, is_copy=True)
        if work is None:
            return
        if delivery.redelivered:
            self.accuse(work)
        else:
            self._line.arrive(self, work)


class SuspectLine(SharedExtension):
    """Lets one suspect run at a time in a process, whatever service and queue it belongs to.

    What merely waits while another kills the process would be counted as having killed it. So while several queues have
    suspects only one of them is consumed from, in turn, and what others gave is put back before anything runs.
    """

    def __init__(self, concurrency: str) -> None:
        self._concurrency = backend(concurrency)
        self._lock = self._concurrency.lock()
        self._steps: Channel[object] = self._concurrency.channel()
        self._waiting: deque[tuple[Suspects, Work]] = deque()
        self._paused: deque[Suspects] = deque()
        self._is_serving = False
        self._is_over = False

    def arrive(self, suspects: Suspects, work: Work) -> None:
        """Put a message in line; never blocks."""
        with self._lock:
            self._waiting.append((suspects, work))
            is_idle = not self._is_serving
            self._is_serving = True
        if is_idle:
            self._concurrency.spawn(self._serve, name="suspects")
        else:
            self._steps.put(None)

    def put_off(self, suspects: Suspects) -> None:
        """Put back what waits in line of one queue."""
        for each, work in self._take(lambda each: each is suspects):
            each.put_back(work)

    def stop(self) -> None:
        """See `SharedExtension`."""
        self.kill()

    def kill(self) -> None:
        """See `SharedExtension`."""
        self._is_over = True
        self._steps.put(None)

    def _serve(self) -> None:
        self._concurrency.sleep(_GATHER)
        while (turn := self._next()) is not None:
            suspects, work = turn
            self._clear_for(suspects)
            done = object()
            try:
                suspects.run(work, partial(self._steps.put, done))
            except Exception:
                log.exception("message %s of %s could not be run", work.message.message_id, suspects.name)
                continue
            while self._steps.get() is not done:
                if self._is_over:
                    return
                self._clear_for(suspects)
            self._pass_on(suspects)

    def _next(self) -> tuple[Suspects, Work] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
        if self._paused:
            while self._paused:
                self._resume(self._paused.popleft())
            self._concurrency.sleep(_GATHER)
        else:
            # The next of this queue is on its way: it was asked for by the acknowledgement.
            self._await_arrival(_LINGER)
        with self._lock:
            if self._waiting and not self._is_over:
                return self._waiting.popleft()
            self._is_serving = False
            return None

    def _clear_for(self, current: Suspects) -> None:
        """Pause the queues that have given something beside the current one, and put that back."""
        others = self._take(lambda each: each is not current)
        for suspects, work in others:
            self._pause(suspects)
            if not suspects.put_back(work):
                with self._lock:
                    self._waiting.append((suspects, work))
        if others:
            current.flush()

    def _pass_on(self, current: Suspects) -> None:
        """Let the next queue have its turn if others wait for one: it is the only one that is consumed from."""
        if not self._paused:
            return
        successor = self._paused.popleft()
        self._pause(current)
        self._clear_for(successor)
        self._resume(successor)
        self._await_arrival(_NEXT_TURN)

    def _await_arrival(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._waiting and (left := deadline - time.monotonic()) > 0:
            try:
                self._steps.get(timeout=left)
            except queue.Empty:
                return

    def _pause(self, suspects: Suspects) -> None:
        suspects.pause()
        if suspects not in self._paused:
            self._paused.append(suspects)

    def _resume(self, suspects: Suspects) -> None:
        try:
            suspects.resume()
        except BrokerError as error:
            log.error("cannot consume from `%s`: %s; trying again", suspects.name, error)
            self._concurrency.call_later(_CONSUME_AGAIN, self._resume_later, suspects)

    def _resume_later(self, suspects: Suspects) -> None:
        if not self._is_over:
            self._concurrency.spawn(self._resume, suspects, name="suspects")

    def _take(self, is_wanted: Callable[[Suspects], bool]) -> list[tuple[Suspects, Work]]:
        with self._lock:
            taken = [each for each in self._waiting if is_wanted(each[0])]
            self._waiting = deque(each for each in self._waiting if not is_wanted(each[0]))
        return taken
