"""Putting copies of messages elsewhere: confirmed, and only then is the original acknowledged."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from svcrt.amqp.inflight import Work
from svcrt.errors import BrokerError, Unroutable
from svcrt.types import Concurrency, Link, Message, Topology

log = logging.getLogger("svcrt.amqp.republishing")

PAUSE = 1.0
"""Seconds before a copy that the broker did not take is offered again."""


@dataclass(slots=True, eq=False)
class _Offer:
    work: Work
    copy: Message
    exchange: str
    routing_key: str
    purpose: str
    on_settled: Callable[[], None]
    is_first: bool = True


class Republisher:
    """Moves messages of one service.

    What the broker does not take stays unacknowledged and is offered again after a pause. Giving it back to its queue
    instead would run it again at once, and mark it as redelivered, as if its process had died.

    Args:
        topology: declared anew where a queue or an exchange is gone.
    """

    def __init__(self, concurrency: Concurrency, link: Link, topology: Topology) -> None:
        self._concurrency = concurrency
        self._link = link
        self._topology = topology
        self._is_closed = False

    def move(
        self,
        work: Work,
        copy: Message,
        *,
        exchange: str,
        routing_key: str,
        purpose: str,
        on_settled: Callable[[], None] = lambda: None,
    ) -> None:
        """Publish `copy` and acknowledge the original once that is confirmed; never blocks.

        Args:
            purpose: completes "message m cannot be …", for the log.
            on_settled: called once the first attempt has ended, well or not.

        Raises:
            InvalidValue: the copy must not be sent: too much header, too long a name.
        """
        work.is_moving = True
        self._offer(_Offer(work, copy, exchange, routing_key, purpose, on_settled))

    def close(self) -> None:
        """Offer nothing again: the link is about to close, and what is unacknowledged goes back by itself."""
        self._is_closed = True

    def _offer(self, offer: _Offer) -> None:
        self._link.post(
            offer.copy,
            exchange=offer.exchange,
            routing_key=offer.routing_key,
            mandatory=True,
            on_done=partial(self._on_done, offer),
        )

    def _on_done(self, offer: _Offer, failure: BrokerError | None) -> None:
        if failure is None:
            offer.work.ack()
        elif not self._is_closed:
            level = logging.ERROR if offer.is_first else logging.DEBUG
            identity = offer.work.message.message_id
            log.log(
                level, "message %s cannot be %s: %s; it stays, and is offered again", identity, offer.purpose, failure
            )
            self._concurrency.call_later(PAUSE, self._later, offer, isinstance(failure, Unroutable))
        if offer.is_first:
            offer.is_first = False
            offer.on_settled()

    def _later(self, offer: _Offer, is_missing: bool) -> None:
        self._concurrency.spawn(self._again, offer, is_missing, name="republishing")

    def _again(self, offer: _Offer, is_missing: bool) -> None:
        if self._is_closed:
            return
        if is_missing:
            try:
                self._link.declare(self._topology)
            except BrokerError as error:
                log.debug("what is missing cannot be declared: %s", error)
        self._offer(offer)
