"""Reading a queue without emptying it: hold what lies there, drop what is chosen, put the rest back in its place."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import ChannelError, NotFound

from svcrt.amqp.connection import Channel, Connection
from svcrt.amqp.declaring import translate
from svcrt.amqp.properties import decode_message
from svcrt.errors import BrokerUnavailable
from svcrt.types import Message

MAX_HELD = 65_535
"""Messages that can be looked at in one go: AMQP's prefetch count has 16 bits."""
_ARRIVAL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that is held, and the routing key that brought it into the queue."""

    message: Message
    key: str
    tag: int


class Held:
    """The first messages of a queue, in its order, while nobody else gets them.

    Attributes:
        messages: what is held.
        more: how many lie behind them.
    """

    def __init__(self, connection: Connection, channel: Channel, messages: tuple[HeldMessage, ...], more: int) -> None:
        self.messages = messages
        self.more = more
        self.call_soon: Callable[[Callable[[Connection], Any]], None] = lambda _: None
        self._connection = connection
        self._channel = channel
        self._kept = {each.tag for each in messages}

    def drop(self, held: HeldMessage) -> None:
        """Take it out of the queue for good, now. From any task; `end` tells when that failed."""
        if held.tag in self._kept:
            self._kept.remove(held.tag)
            self.call_soon(lambda connection: self._ack(connection, held.tag))

    def end(self, connection: Connection) -> None:
        """Put back what is left; in the task of the connection's owner.

        Raises:
            BrokerUnavailable: the connection or the channel was lost in between. What was dropped may be there still.
        """
        if not self._holds(connection):
            raise BrokerUnavailable("the broker took back what was held, and perhaps what was to be taken out")
        for tag in sorted(self._kept):
            self._channel.reject(tag, requeue=True)
        # The answer tells that what was sent before was taken.
        self._channel.ask("close")

    def _ack(self, connection: Connection, tag: int) -> None:
        if self._holds(connection):
            self._channel.ack(tag)

    def _holds(self, connection: Connection) -> bool:
        return connection is self._connection and self._channel.failure is None


def hold(connection: Connection, queue: str, limit: int) -> Held | None:
    """Hold the first messages of `queue`; in the task of the connection's owner.

    Until `Held.end` nobody else gets them, and they are marked as redelivered afterwards. The broker puts them back by
    itself if we die in the middle.

    Args:
        limit: how many, at most `MAX_HELD`.

    Returns:
        What was there; None when there is no such queue.

    Raises:
        BrokerError: the broker refuses, or sends less than it has.
    """
    channel = connection.channel()
    held: list[HeldMessage] = []

    def take(properties: bytes, body: bytes, tag: int, _redelivered: bool, _exchange: str, key: str) -> None:
        held.append(HeldMessage(decode_message(properties, body), key, tag))

    channel.on_deliver = take
    try:
        # A quorum queue's count is late by a moment: it may be empty by that, and hold what somebody has just put back.
        channel.ask("basic_qos", 0, limit, False)
        consumer = channel.ask("basic_consume", queue)
        more = _await(channel, queue, held, limit)
        # All that was under way has arrived once this is answered.
        channel.ask("basic_cancel", consumer)
    except NotFound:
        return None
    except ChannelError as error:
        raise translate(error, f"queue `{queue}`") from None
    return Held(connection, channel, tuple(held), more)


def _await(channel: Channel, queue: str, held: list[HeldMessage], limit: int) -> int:
    """Wait until `limit` messages are held or none is left in the queue; return how many are left."""
    deadline = time.monotonic() + _ARRIVAL_SECONDS
    while True:
        # What arrives is taken in while the answer is waited for.
        left: int = channel.ask("queue_declare", queue, passive=True).message_count
        if not left or len(held) >= limit:
            # A quorum queue may have told of it before it sent the last ones; it takes our questions in order.
            channel.ask("queue_declare", queue, passive=True)
            return left
        if time.monotonic() > deadline:
            channel.ask("close")
            raise BrokerUnavailable(f"queue `{queue}` holds {left} messages that the broker does not deliver")
