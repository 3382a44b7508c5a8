"""Deliveries that this process is working on, by message id, and how an unstarted one is handed to another instance."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from svcrt import wire
from svcrt.context import CallContext
from svcrt.errors import BrokerError, InvalidValue
from svcrt.types import Concurrency, Delivery, Link, Message

log = logging.getLogger("svcrt.amqp")

HAND_OVER_TIMEOUT = 5.0
"""Seconds that the copy of an unstarted request may take to be confirmed."""


class Work:
    """One message being worked on. It has several deliveries where the broker has delivered it again meanwhile.

    Attributes:
        identity: its message id; None when it has none.
        is_moving: whether a copy is on its way to another queue, from where it may come back before this is settled.
    """

    __slots__ = ("_deliveries", "_in_flight", "_replaced", "identity", "is_moving")

    def __init__(self, delivery: Delivery, identity: str | bytes | None, in_flight: "InFlight") -> None:
        self.identity = identity
        self.is_moving = False
        self._deliveries = [delivery]
        self._replaced: Message | None = None
        self._in_flight = in_flight

    @property
    def message(self) -> Message:
        """The message, or the copy of it that has taken its place."""
        return self._replaced or self._deliveries[0].message

    @message.setter
    def message(self, copy: Message) -> None:
        self._replaced = copy

    def adopt(self, delivery: Delivery) -> None:
        """Settle this delivery, too. The former one has died with its channel, or else waits for us as well."""
        self._deliveries.append(delivery)

    def covers(self, message: Message) -> bool:
        """Whether what becomes of this is what becomes of `message`, which has the same id."""
        return not self.is_moving or _generation(message) == _generation(self.message)

    @property
    def route(self) -> tuple[str, str]:
        """Exchange and routing key that it came by."""
        return self._deliveries[0].exchange, self._deliveries[0].routing_key

    def ack(self) -> None:
        """It is done."""
        self._in_flight.forget(self)
        for delivery in self._deliveries:
            delivery.ack()


class InFlight:
    """What one entrypoint is working on.

    Redelivered does not mean that a process crashed: after a lost connection the broker delivers again what is still
    running here. Such a copy must neither run nor be answered twice.
    """

    def __init__(self, concurrency: Concurrency) -> None:
        self._lock = concurrency.guard()
        self._running: dict[str | bytes, Work] = {}

    def take(self, delivery: Delivery, identity: str | bytes | None, *, is_copy: bool = False) -> Work | None:
        """Begin to work on a delivery; None when it is a copy of one that is running here, which then settles it.

        Args:
            identity: its message id, always of the same type in one table.
            is_copy: whether it is known to be one without being redelivered.
        """
        work = Work(delivery, identity, self)
        if identity is None:
            return work
        with self._lock:
            running = self._running.get(identity)
            if running is not None and (is_copy or delivery.redelivered) and running.covers(delivery.message):
                running.adopt(delivery)
                return None
            self._running[identity] = work
        return work

    def forget(self, work: Work) -> None:
        """It is settled."""
        identity = work.identity
        if identity is not None:
            with self._lock:
                if self._running.get(identity) is work:
                    del self._running[identity]


def _generation(message: Message) -> tuple[str | None, str | None]:
    """What a copy of a message has that is tried again, or suspected, and the message has not."""
    return message.headers.get(wire.ATTEMPT_HEADER), message.headers.get(wire.CRASHES_HEADER)


def hand_over(link: Link, work: Work, queue: str, call: CallContext) -> None:
    """Put a copy of what has not begun at the end of its queue, then acknowledge the original.

    Giving it back would mark it as redelivered, and the next instance could not know that it never ran. Without a
    confirm the original stays unacknowledged and the broker gives it to others when the connection closes.
    """
    remaining = call.remaining()
    headers = dict(work.message.headers)
    if wire.CONTEXT_HEADER in headers:
        headers[wire.CONTEXT_HEADER] = wire.context_header(call, epoch_ms=time.time_ns() // 1_000_000)
    expiration = work.message.expiration if remaining is None else int(remaining * 1000)
    copy = replace(work.message, headers=headers, expiration=expiration)
    try:
        link.publish(copy, exchange="", routing_key=queue, mandatory=True, timeout=HAND_OVER_TIMEOUT)
    except (BrokerError, InvalidValue) as error:
        log.warning("message %s of %s could not be handed over: %s", work.message.message_id, queue, error)
    else:
        work.ack()


def read_call(message: Message) -> CallContext:
    """Check that a message can be read here, and read its context. Raises InvalidValue."""
    wire.check_content(message)
    return wire.read_context(message, arrival=time.monotonic(), epoch_ms=time.time_ns() // 1_000_000)


def guarded(on_delivery: Callable[[Delivery], None], queue: str) -> Callable[[Delivery], None]:
    """Keep a link's task alive whatever a message does: an exception is logged, the message stays unacknowledged."""

    def take(delivery: Delivery) -> None:
        try:
            on_delivery(delivery)
        except Exception:
            log.exception("message %s of %s could not be taken", delivery.message.message_id, queue)

    return take
