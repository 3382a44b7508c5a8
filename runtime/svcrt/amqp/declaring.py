"""Declaring exchanges, queues and bindings on a channel of py-amqp, and what the broker's refusals mean."""

import re

from amqp.exceptions import AccessRefused, ChannelError, NotFound, PreconditionFailed, ResourceLocked

from svcrt.amqp.connection import Channel
from svcrt.errors import BrokerError, BrokerRefused, BrokerUnavailable
from svcrt.types import Exchange, Queue

_ACK_TIMEOUT = re.compile(r"delivery acknowledgement .* timed out(?:.*?(\d+) ms)?")


def declare_exchange(channel: Channel, exchange: Exchange) -> None:
    """Declare a durable exchange; raises ChannelError."""
    arguments = {"alternate-exchange": exchange.alternate} if exchange.alternate else None
    channel.ask("exchange_declare", exchange.name, exchange.type, durable=True, auto_delete=False, arguments=arguments)


def declare_queue(channel: Channel, queue: Queue) -> str:
    """Declare a queue with its bindings and return its name, which the broker makes when it has none."""
    declared = channel.ask(
        "queue_declare",
        queue.name,
        durable=queue.durable,
        exclusive=queue.exclusive or not queue.name,
        auto_delete=False,
        arguments=dict(queue.arguments) or None,
    )
    name = str(declared.queue)
    for binding in queue.bindings:
        channel.ask("queue_bind", name, binding.exchange, binding.key)
    return name


def translate(error: ChannelError, subject: str) -> BrokerError:
    """Return what the broker's refusal about `subject` means for the caller."""
    text = f"{subject}: {error.reply_text}"
    if isinstance(error, PreconditionFailed):
        return BrokerRefused(f"{text}. It exists with other arguments: delete it, or give it another name")
    if isinstance(error, (AccessRefused, NotFound)):
        return BrokerRefused(text)
    if isinstance(error, ResourceLocked):
        return BrokerRefused(f"{text}. It belongs to another connection")
    return BrokerUnavailable(text)


def why_ended(failure: Exception, queue: str | None) -> str:
    """Return why the broker has ended a consumer of `queue`, and what helps."""
    timeout = _ACK_TIMEOUT.search(str(failure)) if isinstance(failure, PreconditionFailed) else None
    if timeout is None:
        return f"consuming from `{queue}` was ended by the broker: {failure}"
    seconds = f" of {int(timeout[1]) / 1000:g} s" if timeout[1] else ""
    return (
        f"RabbitMQ ended the consumer of `{queue}`: a message was not acknowledged within its consumer_timeout"
        f"{seconds}. It is delivered again, to any instance; it does not run twice in this one. Raise "
        "consumer_timeout in rabbitmq.conf above the longest run, or make the handler shorter"
    )
