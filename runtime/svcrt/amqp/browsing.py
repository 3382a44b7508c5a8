"""Reading a queue without emptying it: take what lies there, drop what is chosen, put the rest back in its place."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from amqp.exceptions import ChannelError, NotFound

from svcrt.amqp.connection import Channel, Connection
from svcrt.amqp.declaring import translate
from svcrt.amqp.properties import decode_message
from svcrt.errors import BrokerUnavailable
from svcrt.types import Message

MAX_HELD = 65_535
"""Messages that can be looked at in one go: AMQP's prefetch count has 16 bits."""
_ARRIVAL_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Browsed:
    """What lay in a queue.

    Attributes:
        messages: in the order of the queue.
        dropped: those of them that are gone now.
        more: how many lay behind them and were not looked at.
    """

    messages: tuple[Message, ...]
    dropped: tuple[Message, ...]
    more: int


def browse(connection: Connection, queue: str, limit: int, is_dropped: Callable[[Message], bool]) -> Browsed | None:
    """Look at the first messages of `queue`; in the task of the connection's owner.

    While they are held nobody else gets them, and they are marked as redelivered afterwards. The broker puts them back
    by itself if we die in the middle.

    Args:
        limit: how many, at most `MAX_HELD`.
        is_dropped: tells of each whether it shall be gone; called for all before the first is.

    Returns:
        What was there; None when there is no such queue.

    Raises:
        BrokerError: the broker refuses, or sends less than it has.
    """
    channel = connection.channel()
    held: list[tuple[int, Message]] = []
    channel.on_deliver = lambda properties, body, tag, *_: held.append((tag, decode_message(properties, body)))
    try:
        if not channel.ask("queue_declare", queue, passive=True).message_count:
            channel.ask("close")
            return Browsed(messages=(), dropped=(), more=0)
        channel.ask("basic_qos", 0, limit, False)
        consumer = channel.ask("basic_consume", queue)
        more = _await(channel, queue, held, limit)
        # All that was under way has arrived once this is answered.
        channel.ask("basic_cancel", consumer)
        chosen = [is_dropped(message) for _, message in held]
        for (tag, _), is_chosen in zip(held, chosen, strict=True):
            if is_chosen:
                channel.ack(tag)
            else:
                channel.reject(tag, requeue=True)
        # The answer tells that the acks before it were taken.
        channel.ask("close")
    except NotFound:
        return None
    except ChannelError as error:
        raise translate(error, f"queue `{queue}`") from None
    dropped = tuple(message for (_, message), is_chosen in zip(held, chosen, strict=True) if is_chosen)
    return Browsed(messages=tuple(message for _, message in held), dropped=dropped, more=more)


def _await(channel: Channel, queue: str, held: list[tuple[int, Message]], limit: int) -> int:
    """Wait until `limit` messages are held or none is left in the queue; return how many are left."""
    deadline = time.monotonic() + _ARRIVAL_SECONDS
    while True:
        # What arrives is taken in while the answer is waited for.
        left: int = channel.ask("queue_declare", queue, passive=True).message_count
        if not left or len(held) >= limit:
            return left
        if time.monotonic() > deadline:
            channel.ask("close")
            raise BrokerUnavailable(f"queue `{queue}` holds {left} messages that the broker does not deliver")
