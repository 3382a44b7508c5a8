"""One channel: its consumers, deliveries, confirms, and the message that is being published on it."""

from typing import Any

from pamqp import base, commands

from .broker import Broker
from .deliveries import Consumer, Deliveries, requeue
from .errors import ProtocolError, ReplyCode
from .frames import content_frames, method_frame
from .message import Message
from .methods import encode_method
from .peer import Peer
from .queues import Queue

__all__ = ["Channel", "Confirms"]


class Confirms:
    """Publisher confirms of a channel, several acks to one frame."""

    def __init__(self) -> None:
        self._published = 0
        self._first = 0
        self._last = 0

    def publish(self) -> int:
        """Return the sequence number of the next message published."""
        self._published += 1
        return self._published

    def taken(self, number: int) -> None:
        """Note that a message was taken; `acks` tells the client."""
        if not self._first:
            self._first = number
        self._last = number

    def acks(self) -> bytes | None:
        """Return the payload of the ack for what was taken since, None for nothing."""
        if not self._first:
            return None
        multiple = self._last > self._first
        self._first = 0
        return encode_method(commands.Basic.Ack, delivery_tag=self._last, multiple=multiple)


class Channel:
    """State of one channel; the modules `*_methods` act on it.

    Attributes:
        prefetch: For the consumers still to come.
        last_queue: The queue declared last, which an empty name stands for.
        confirms: Set by confirm.select.
        closing: Whether the broker closed it and waits for the client's close-ok.
    """

    def __init__(self, broker: Broker, peer: Peer, number: int) -> None:
        self.broker = broker
        self.peer = peer
        self.number = number
        self.consumers: dict[str, Consumer] = {}
        self.deliveries = Deliveries(peer, number, self._queue_gone)
        self.prefetch = 0
        self.last_queue = ""
        self.confirms: Confirms | None = None
        self.closing = False

    def send(self, method: type[base.Frame], **arguments: Any) -> None:
        """Send a method."""
        self.peer.send(method_frame(self.number, encode_method(method, **arguments)))

    def send_content(self, message: Message, method: type[base.Frame], **arguments: Any) -> None:
        """Send a method with a message."""
        payload = encode_method(method, **arguments)
        self.peer.send(content_frames(self.number, payload, message.header, message.body, self.peer.frame_max))

    def queue(self, name: str) -> Queue:
        """Return the queue of a name, the last one declared for an empty name."""
        if not name and not self.last_queue:
            raise ProtocolError(ReplyCode.NOT_FOUND, "no previously declared queue")
        return self.broker.topology.queue(name or self.last_queue, self.peer)

    def flush_confirms(self) -> None:
        """Tell the client what was taken since."""
        payload = self.confirms.acks() if self.confirms is not None else None
        if payload is not None:
            self.peer.send(method_frame(self.number, payload))

    def dispatch(self) -> None:
        """Let the queues of this channel's consumers go on: there is room again."""
        for queue in {consumer.queue: None for consumer in self.consumers.values()}:
            queue.dispatch()

    def end_consumers(self) -> None:
        """Stop every consumer."""
        consumers = list(self.consumers.values())
        self.consumers.clear()
        for consumer in consumers:
            self.broker.topology.remove_consumer(consumer)

    def end(self) -> None:
        """Stop consuming and give back what was not acknowledged."""
        # Given back first: a single active consumer that takes over then gets the oldest message first.
        self.deliveries.ended = True
        requeue(self.deliveries.take_all())
        self.end_consumers()

    def _queue_gone(self, consumer: Consumer) -> None:
        self.consumers.pop(consumer.tag, None)
        if self.peer.told_of_cancels:
            self.send(commands.Basic.Cancel, consumer_tag=consumer.tag, nowait=True)
