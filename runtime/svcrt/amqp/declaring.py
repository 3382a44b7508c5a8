"""Declaring exchanges, queues and bindings on a channel of py-amqp, and what the broker's refusals mean."""

from amqp.exceptions import AccessRefused, ChannelError, NotFound, PreconditionFailed, ResourceLocked

from svcrt.amqp.connection import Channel
from svcrt.errors import BrokerError, BrokerRefused, BrokerUnavailable
from svcrt.types import Exchange, Queue


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
