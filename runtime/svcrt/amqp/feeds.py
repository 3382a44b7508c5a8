"""One life of a subscription: its channel, what was delivered on it, and what of that is done."""

from collections.abc import Callable

from svcrt.amqp.connection import Channel
from svcrt.amqp.properties import decode_message
from svcrt.types import Message

_PATIENCE_SECONDS = 0.01


class Feed:
    """What is settled is noted by anybody and written by the owner, or in the owner's turn, by `write`.

    Args:
        channel: its own: the tags count per channel.
        no_ack: the broker wants to hear nothing.
        settle_soon: asks for a turn.
        patience: acks that may wait for company a little while; 1 lets none wait.
        call_later: calls a function after some seconds.
    """

    def __init__(
        self,
        channel: Channel,
        no_ack: bool,
        settle_soon: Callable[[], None],
        patience: int = 1,
        call_later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self.channel = channel
        self.no_ack = no_ack
        self.alive = True
        self._settle_soon = settle_soon
        self._patience = patience if call_later is not None else 1
        self._call_later = call_later
        self._is_timed = False
        self._delivered = 0
        self._settled = 0
        self._done: list[int] = []
        self._refused: list[tuple[int, bool]] = []
        self._low = 1
        self._beyond: set[int] = set()

    @property
    def outstanding(self) -> int:
        """Deliveries that the broker has not been told about yet."""
        return 0 if self.no_ack else self._delivered - self._settled

    def note_delivered(self) -> None:
        """Count a delivery."""
        self._delivered += 1

    def ack(self, tag: int) -> None:
        """It is done. On a dead channel nobody is told: an unknown tag would kill the next one, too."""
        if self.alive and not self.no_ack:
            self._done.append(tag)
            if len(self._done) >= self._patience:
                self._settle_soon()
            elif not self._is_timed and self._call_later is not None:
                self._is_timed = True
                self._call_later(_PATIENCE_SECONDS, self._time_out)

    def _time_out(self) -> None:
        self._is_timed = False
        if self._done and self.alive:
            self._settle_soon()

    @property
    def has_news(self) -> bool:
        """Whether the broker has not been told of something that is settled."""
        return self.alive and bool(self._done or self._refused)

    def reject(self, tag: int, *, requeue: bool) -> None:
        """Give it back, or drop it."""
        if self.alive and not self.no_ack:
            self._refused.append((tag, requeue))
            self._settle_soon()

    def write(self) -> None:
        """Tell the broker: one ack for the oldest that are all done, one for each of the others.

        Acks of the oldest alone would let one slow handler stall the queue behind it.
        """
        if not self.alive:
            return
        while self._refused:
            tag, requeue = self._refused.pop()
            self.channel.reject(tag, requeue=requeue)
            self._settle(tag)
        count = len(self._done)
        if not count:
            return
        done = self._done[:count]
        # What others append meanwhile stays in the list.
        del self._done[:count]
        if count == 1 and done[0] == self._low:
            self.channel.ack(done[0])
            self._low += 1
            self._settled += 1
            self._advance()
            return
        self._beyond.update(done)
        self._settled += count
        self._advance()
        covered = [tag for tag in done if tag < self._low]
        if covered:
            self.channel.ack(max(covered), multiple=len(covered) > 1)
        for tag in done:
            if tag >= self._low:
                self.channel.ack(tag)

    def _settle(self, tag: int) -> None:
        self._beyond.add(tag)
        self._settled += 1
        self._advance()

    def _advance(self) -> None:
        beyond = self._beyond
        while self._low in beyond:
            beyond.remove(self._low)
            self._low += 1


class Delivered:
    """See `svcrt.types.Delivery`. Properties are read when somebody looks at the message."""

    __slots__ = ("_feed", "_message", "_tag", "body", "exchange", "properties", "redelivered", "routing_key")

    def __init__(
        self,
        properties: bytes,
        body: bytes,
        tag: int,
        redelivered: bool,
        exchange: str,
        routing_key: str,
        feed: Feed,
    ) -> None:
        self.properties = properties
        self.body = body
        self.redelivered = redelivered
        self.exchange = exchange
        self.routing_key = routing_key
        self._message: Message | None = None
        self._tag = tag
        self._feed = feed

    @property
    def message(self) -> Message:
        """See `svcrt.types.Delivery`."""
        message = self._message
        if message is None:
            message = self._message = decode_message(self.properties, self.body)
        return message

    def ack(self) -> None:
        """See `svcrt.types.Delivery`."""
        # A second ack of one tag is a channel error that would take all others down.
        tag, self._tag = self._tag, 0
        if tag:
            self._feed.ack(tag)

    def reject(self, *, requeue: bool) -> None:
        """See `svcrt.types.Delivery`."""
        tag, self._tag = self._tag, 0
        if tag:
            self._feed.reject(tag, requeue=requeue)
