"""A queue: order, limits, expiry and the choice of the consumer that gets the next message."""

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from .message import Message, QueuedMessage
from .queue_settings import QueueSettings
from .tables import Table
from .timers import Timer, Timers

__all__ = ["Consuming", "Queue", "QueueHost"]

_MS = 1000


class Consuming(Protocol):
    """What a queue sees of a consumer."""

    def has_capacity(self) -> bool:
        """Tell whether one more message may be sent to it now."""
        ...

    def deliver(self, queued: QueuedMessage) -> None:
        """Send it a message, which leaves the queue's ready messages."""
        ...


class QueueHost(Protocol):
    """What a queue needs of the broker around it."""

    timers: Timers

    def dead_letter(self, queue: "Queue", queued: QueuedMessage, reason: str) -> None:
        """Publish a message that the queue gave up."""
        ...

    def account(self, size: int) -> None:
        """Note that so many bytes more (or fewer) are held."""
        ...

    def expire_queue(self, queue: "Queue") -> None:
        """Delete a queue that nobody used for its `x-expires`."""
        ...


class Queue:
    """Messages in order of arrival and the consumers that take turns on them.

    Attributes:
        owner: The connection that alone may use it and with which it goes; None for a shared queue.
        exclusive_consumer: Whether its one consumer asked to be the only one.
    """

    def __init__(
        self, host: QueueHost, *, name: str, durable: bool, auto_delete: bool, owner: object | None,
        arguments: Table, settings: QueueSettings,
    ) -> None:  # fmt: skip
        self.name = name
        self.durable = durable
        self.auto_delete = auto_delete
        self.owner = owner
        self.arguments = arguments
        self.settings = settings
        self.exclusive_consumer = False
        self.deleted = False
        self._host = host
        self._ready: deque[QueuedMessage] = deque()
        self._ready_bytes = 0
        self._position = 0
        self._consumers: deque[Consuming] = deque()
        self._active: Consuming | None = None
        self._head_timer: Timer | None = None
        self._used_at = host.timers.clock()
        self._watch_use()

    @property
    def message_count(self) -> int:
        """Messages that wait for a consumer."""
        return len(self._ready)

    @property
    def consumers(self) -> tuple[Consuming, ...]:
        """Everyone who consumes."""
        return tuple(self._consumers)

    @property
    def consumer_count(self) -> int:
        """How many consume, busy ones included."""
        return len(self._consumers)

    def touch(self) -> None:
        """Note that the queue is in use (declared or read from)."""
        self._used_at = self._host.timers.clock()

    # -- messages in

    def enqueue(self, message: Message) -> bool:
        """Take a message; False when the queue is full and refuses publishes."""
        full = self._overflows(message)
        if full and self.settings.overflow != "drop-head":
            if self.settings.overflow == "reject-publish-dlx":
                self._host.dead_letter(self, QueuedMessage(message, 0, None), "maxlen")
            return False
        self._position += 1
        queued = QueuedMessage(message, self._position, self._expiry(message))
        self._host.account(message.size)
        # A waiting consumer gets it even if its time to live is zero.
        consumer = None if self._ready else self._next_consumer()
        if consumer is not None:
            consumer.deliver(queued)
            return True
        self._ready.append(queued)
        self._ready_bytes += len(message.body)
        if full:
            self._drop_to_limits()
        self._drop_expired()
        return True

    def requeue(self, returned: Iterable[QueuedMessage]) -> None:
        """Put messages back where they were; those that a quorum queue has delivered too often are given up."""
        if self.deleted:
            return
        waiting = []
        for queued in sorted(returned, key=lambda queued: queued.position):
            queued.returns += 1
            if self.settings.delivery_limit is not None and queued.returns > self.settings.delivery_limit:
                self._give_up(queued, "delivery_limit")
                continue
            self._ready_bytes += len(queued.message.body)
            waiting.append(queued)
        if not waiting:
            return
        last = waiting[-1].position
        while self._ready and self._ready[0].position < last:
            waiting.append(self._ready.popleft())
        waiting.sort(key=lambda queued: queued.position)
        self._ready.extendleft(reversed(waiting))
        self._drop_to_limits()
        self._drop_expired()
        self.dispatch()

    # -- messages out

    def get(self) -> QueuedMessage | None:
        """Take the first message for basic.get; it stays accounted for until `settled`."""
        self.touch()
        self._drop_expired()
        if not self._ready:
            return None
        queued = self._pop()
        self._drop_expired()
        return queued

    def settled(self, queued: QueuedMessage) -> None:
        """Forget a message that was taken and is done with."""
        if not self.deleted:
            self._host.account(-queued.message.size)

    def reject(self, queued: QueuedMessage) -> None:
        """Dead-letter a message that a consumer refused."""
        if not self.deleted:
            self._give_up(queued, "rejected")

    def dispatch(self) -> None:
        """Send ready messages to consumers that have room."""
        self._drop_expired()
        while self._ready:
            consumer = self._next_consumer()
            if consumer is None:
                break
            consumer.deliver(self._pop())
            self._drop_expired()

    def purge(self) -> int:
        """Drop the ready messages; return how many."""
        dropped = len(self._ready)
        while self._ready:
            self.settled(self._pop())
        return dropped

    def delete(self) -> tuple[Consuming, ...]:
        """Drop everything; return the consumers, who are to be told. Unacknowledged messages are gone, too."""
        self.purge()
        self.deleted = True
        if self._head_timer is not None:
            self._head_timer.cancel()
        consumers = self.consumers
        self._consumers.clear()
        return consumers

    # -- consumers

    def add_consumer(self, consumer: Consuming, *, exclusive: bool) -> None:
        """Add a consumer; the caller dispatches once it has told the client."""
        self._consumers.append(consumer)
        self.exclusive_consumer = exclusive
        if self._active is None:
            self._active = consumer

    def remove_consumer(self, consumer: Consuming) -> None:
        """Remove a consumer; with a single active consumer the next in line takes over."""
        if consumer not in self._consumers:
            return
        self._consumers.remove(consumer)
        self.exclusive_consumer = False
        self.touch()
        if self._active is consumer:
            self._active = self._consumers[0] if self._consumers else None
            if self.settings.single_active_consumer:
                self.dispatch()

    def _next_consumer(self) -> Consuming | None:
        if self.settings.single_active_consumer:
            return self._active if self._active is not None and self._active.has_capacity() else None
        for _ in range(len(self._consumers)):
            consumer = self._consumers[0]
            self._consumers.rotate(-1)
            if consumer.has_capacity():
                return consumer
        return None

    # -- limits and expiry

    def _pop(self) -> QueuedMessage:
        queued = self._ready.popleft()
        self._ready_bytes -= len(queued.message.body)
        return queued

    def _overflows(self, message: Message) -> bool:
        most, most_bytes = self.settings.max_length, self.settings.max_bytes
        if most is not None and len(self._ready) + 1 > most:
            return True
        return most_bytes is not None and self._ready_bytes + len(message.body) > most_bytes

    def _drop_to_limits(self) -> None:
        most, most_bytes = self.settings.max_length, self.settings.max_bytes
        if self.settings.overflow != "drop-head":
            return
        while self._ready and (
            (most is not None and len(self._ready) > most)
            or (most_bytes is not None and self._ready_bytes > most_bytes)
        ):
            self._give_up(self._pop(), "maxlen")

    def _give_up(self, queued: QueuedMessage, reason: str) -> None:
        self._host.account(-queued.message.size)
        if self.settings.dead_letter_exchange is not None:
            self._host.dead_letter(self, queued, reason)

    def _expiry(self, message: Message) -> float | None:
        limits = [limit for limit in (self.settings.message_ttl, message.expiration) if limit is not None]
        return self._host.timers.clock() + min(limits) / _MS if limits else None

    def _drop_expired(self) -> None:
        # As in RabbitMQ only the head expires: a message behind one that lives longer waits for it.
        ready = self._ready
        if not ready or ready[0].expires_at is None:
            return
        now = self._host.timers.clock()
        while ready and (due := ready[0].expires_at) is not None:
            if due > now:
                self._watch_head(due)
                return
            self._give_up(self._pop(), "expired")

    def _watch_head(self, due: float) -> None:
        timer = self._head_timer
        if timer is not None:
            # An earlier timer looks again when it fires; one per change of head would fill the heap.
            if timer.due <= due:
                return
            timer.cancel()
        self._head_timer = self._host.timers.call_at(due, self._head_due)

    def _head_due(self) -> None:
        self._head_timer = None
        if not self.deleted:
            self.dispatch()

    def _watch_use(self) -> None:
        if self.settings.expires is None or self.deleted:
            return
        now = self._host.timers.clock()
        if self._consumers:
            self._used_at = now
        due = self._used_at + self.settings.expires / _MS
        if due <= now:
            self._host.expire_queue(self)
        else:
            self._host.timers.call_at(due, self._watch_use)
