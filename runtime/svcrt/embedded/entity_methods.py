"""The methods of the classes exchange and queue."""

from collections.abc import Callable
from typing import Any

from pamqp import base, commands

from .broker import generated_name
from .channel import Channel
from .tables import Table

__all__ = ["HANDLERS"]


def declare_exchange(channel: Channel, method: commands.Exchange.Declare) -> None:
    """exchange.declare; passive asks only whether it exists."""
    topology = channel.broker.topology
    if method.passive:
        topology.exchange(method.exchange)
    else:
        topology.declare_exchange(
            name=method.exchange,
            kind=method.exchange_type,
            durable=method.durable,
            auto_delete=method.auto_delete,
            internal=method.internal,
            arguments=_arguments(method.arguments),
        )
    if not method.nowait:
        channel.send(commands.Exchange.DeclareOk)


def delete_exchange(channel: Channel, method: commands.Exchange.Delete) -> None:
    """exchange.delete."""
    channel.broker.topology.delete_exchange(method.exchange, if_unused=method.if_unused)
    if not method.nowait:
        channel.send(commands.Exchange.DeleteOk)


def bind_exchange(channel: Channel, method: commands.Exchange.Bind) -> None:
    """exchange.bind, RabbitMQ's extension: the destination is an exchange."""
    topology = channel.broker.topology
    topology.bind(method.source, method.routing_key, topology.exchange(method.destination))
    if not method.nowait:
        channel.send(commands.Exchange.BindOk)


def unbind_exchange(channel: Channel, method: commands.Exchange.Unbind) -> None:
    """exchange.unbind."""
    topology = channel.broker.topology
    topology.unbind(method.source, method.routing_key, topology.exchange(method.destination))
    if not method.nowait:
        channel.send(commands.Exchange.UnbindOk)


def declare_queue(channel: Channel, method: commands.Queue.Declare) -> None:
    """queue.declare; passive asks only for the counts."""
    if method.passive:
        queue = channel.queue(method.queue)
        queue.touch()
    else:
        name = method.queue or generated_name("amq.gen-")
        queue = channel.broker.topology.declare_queue(
            name=name,
            durable=method.durable,
            auto_delete=method.auto_delete,
            owner=channel.peer if method.exclusive else None,
            arguments=_arguments(method.arguments),
            generated=not method.queue,
        )
    channel.last_queue = queue.name
    if not method.nowait:
        channel.send(
            commands.Queue.DeclareOk,
            queue=queue.name,
            message_count=queue.message_count,
            consumer_count=queue.consumer_count,
        )


def bind_queue(channel: Channel, method: commands.Queue.Bind) -> None:
    """queue.bind."""
    queue = channel.queue(method.queue)
    channel.broker.topology.bind(method.exchange, _binding_key(channel, method.queue, method.routing_key), queue)
    if not method.nowait:
        channel.send(commands.Queue.BindOk)


def unbind_queue(channel: Channel, method: commands.Queue.Unbind) -> None:
    """queue.unbind."""
    queue = channel.queue(method.queue)
    channel.broker.topology.unbind(method.exchange, _binding_key(channel, method.queue, method.routing_key), queue)
    channel.send(commands.Queue.UnbindOk)


def purge_queue(channel: Channel, method: commands.Queue.Purge) -> None:
    """queue.purge: messages that consumers hold stay."""
    count = channel.queue(method.queue).purge()
    if not method.nowait:
        channel.send(commands.Queue.PurgeOk, message_count=count)


def delete_queue(channel: Channel, method: commands.Queue.Delete) -> None:
    """queue.delete: one that is not there is fine."""
    topology = channel.broker.topology
    count = 0
    if not method.queue or method.queue in topology.queues:
        queue = channel.queue(method.queue)
        count = topology.delete_queue(queue, if_unused=method.if_unused, if_empty=method.if_empty)
    if not method.nowait:
        channel.send(commands.Queue.DeleteOk, message_count=count)


def _arguments(table: object) -> Table:
    return table if isinstance(table, dict) else {}


def _binding_key(channel: Channel, queue: str, key: str) -> str:
    # The specification's rule for the queue declared last: then an empty key is its name, too.
    return channel.last_queue if not queue and not key else key


HANDLERS: dict[type[base.Frame], Callable[[Channel, Any], None]] = {
    commands.Exchange.Declare: declare_exchange,
    commands.Exchange.Delete: delete_exchange,
    commands.Exchange.Bind: bind_exchange,
    commands.Exchange.Unbind: unbind_exchange,
    commands.Queue.Declare: declare_queue,
    commands.Queue.Bind: bind_queue,
    commands.Queue.Unbind: unbind_queue,
    commands.Queue.Purge: purge_queue,
    commands.Queue.Delete: delete_queue,
}
