"""What a channel delivered and waits to have acknowledged, and its consumers."""

from collections.abc import Callable, Iterable
from struct import Struct

from .errors import ProtocolError, ReplyCode
from .frames import content_frames
from .message import QueuedMessage
from .peer import Peer
from .queues import Queue

__all__ = ["Consumer", "Deliveries", "Unacked", "requeue"]

_DELIVER_IDS = b"\x00\x3c\x00\x3c"
_TAG = Struct(">Q?")


class Unacked:
    """One delivery that the client has not settled; `consumer` is None when it came by basic.get."""

    __slots__ = ("consumer", "queue", "queued")

    def __init__(self, queue: Queue, queued: QueuedMessage, consumer: "Consumer | None") -> None:
        self.queue = queue
        self.queued = queued
        self.consumer = consumer


class Consumer:
    """One basic.consume.

    Attributes:
        prefetch: How many unsettled deliveries it may have; 0 for any number.
        outstanding: How many it has.
    """

    __slots__ = ("_deliveries", "_prefix", "no_ack", "outstanding", "prefetch", "queue", "tag")

    def __init__(self, deliveries: "Deliveries", queue: Queue, *, tag: str, no_ack: bool, prefetch: int) -> None:
        self.queue = queue
        self.tag = tag
        self.no_ack = no_ack
        self.prefetch = prefetch
        self.outstanding = 0
        self._deliveries = deliveries
        encoded = tag.encode()
        self._prefix = _DELIVER_IDS + bytes([len(encoded)]) + encoded

    def has_capacity(self) -> bool:
        """Tell whether one more message may be sent now."""
        deliveries = self._deliveries
        if deliveries.ended or deliveries.peer.congested:
            return False
        if self.no_ack:
            return True
        return (not self.prefetch or self.outstanding < self.prefetch) and deliveries.has_capacity()

    def deliver(self, queued: QueuedMessage) -> None:
        """Send a message; without acknowledgements it is settled at once."""
        deliveries = self._deliveries
        tag = deliveries.record(self.queue, queued, None if self.no_ack else self)
        message = queued.message
        method = self._prefix + _TAG.pack(tag, queued.redelivered) + message.address
        peer = deliveries.peer
        peer.send(content_frames(deliveries.channel, method, message.header, message.body, peer.frame_max))
        if self.no_ack:
            self.queue.settled(queued)

    @property
    def peer(self) -> Peer:
        """The client that consumes."""
        return self._deliveries.peer

    def end(self) -> None:
        """Tell the client that the queue is gone."""
        self._deliveries.on_queue_gone(self)


class Deliveries:
    """Delivery tags of one channel.

    Attributes:
        limit: How many deliveries may be unsettled on the whole channel; 0 for any number.
        ended: Whether the channel ends, so that nothing more is delivered on it.
        on_queue_gone: Called with a consumer whose queue was deleted.
    """

    def __init__(self, peer: Peer, channel: int, on_queue_gone: Callable[[Consumer], None]) -> None:
        self.peer = peer
        self.channel = channel
        self.limit = 0
        self.ended = False
        self.on_queue_gone = on_queue_gone
        self._unacked: dict[int, Unacked] = {}
        self._consumed = 0
        self._next_tag = 0

    def has_capacity(self) -> bool:
        """Tell whether the channel's own limit allows one more delivery to a consumer."""
        return not self.limit or self._consumed < self.limit

    def record(self, queue: Queue, queued: QueuedMessage, consumer: Consumer | None) -> int:
        """Return the tag of a delivery; remember it if a consumer must acknowledge it."""
        self._next_tag += 1
        if consumer is not None:
            consumer.outstanding += 1
            self._consumed += 1
            self._unacked[self._next_tag] = Unacked(queue, queued, consumer)
        return self._next_tag

    def record_get(self, queue: Queue, queued: QueuedMessage, *, no_ack: bool) -> int:
        """Return the tag of a message that basic.get took; remember it if it must be acknowledged."""
        self._next_tag += 1
        if not no_ack:
            self._unacked[self._next_tag] = Unacked(queue, queued, None)
        return self._next_tag

    def take(self, tag: int, *, multiple: bool) -> list[Unacked]:
        """Remove and return the deliveries that a client settles.

        Raises:
            ProtocolError: PRECONDITION_FAILED: no such delivery tag on this channel.
        """
        if multiple and tag == 0:
            return self.take_all()
        # A tag that is settled already is unknown too, also as the end of a range.
        if tag not in self._unacked:
            raise ProtocolError(ReplyCode.PRECONDITION_FAILED, f"unknown delivery tag {tag}")
        tags = [tag]
        if multiple:
            tags = []
            for known in self._unacked:  # tags only grow, so the order of insertion is theirs
                tags.append(known)
                if known == tag:
                    break
        return [self._remove(known) for known in tags]

    def take_all(self) -> list[Unacked]:
        """Remove and return every delivery that is not settled."""
        return [self._remove(tag) for tag in list(self._unacked)]

    def _remove(self, tag: int) -> Unacked:
        delivery = self._unacked.pop(tag)
        if delivery.consumer is not None:
            delivery.consumer.outstanding -= 1
            self._consumed -= 1
        return delivery


def requeue(deliveries: Iterable[Unacked]) -> None:
    """Give deliveries back to their queues, all of a queue together so that their order holds."""
    by_queue: dict[Queue, list[QueuedMessage]] = {}
    for delivery in deliveries:
        by_queue.setdefault(delivery.queue, []).append(delivery.queued)
    for queue, returned in by_queue.items():
        queue.requeue(returned)
