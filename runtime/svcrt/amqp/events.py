"""Entrypoints of a service's subscriptions: pool, broadcast and singleton differ in their queue only."""

from svcrt import topology, wire
from svcrt.amqp.durable import DurableEntrypoint, Task
from svcrt.codec import codec
from svcrt.contract import Service, Subscription
from svcrt.errors import Fault, InvalidValue
from svcrt.types import Message


def event_entrypoint(
    service: Service, subscription: Subscription, queue_type: str = topology.CLASSIC
) -> DurableEntrypoint:
    """Return what hands the events of `subscription` to its handler."""
    queue = topology.event_queue(service.name, subscription, queue_type)
    return DurableEntrypoint(
        queue,
        lambda message: read_event(message, subscription),
        prefetch=subscription.concurrency,
        queue_type=queue_type,
    )


def read_event(message: Message, subscription: Subscription) -> Task:
    """Read the payload. Raises InvalidValue."""
    event = subscription.event
    if message.type not in (None, event.name):
        raise InvalidValue((Fault("$properties.type", f"expected `{event.name}` or nothing"),))
    payload = codec(event.payload).decode(message.body, packed=wire.is_packed(message))
    return Task(method=subscription.name, stub=subscription.stub, positional=(payload,), retry=subscription.retry)
