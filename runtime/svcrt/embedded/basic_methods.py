"""The methods of the classes basic, confirm, tx and channel, but for publishing and for opening and closing."""

from collections.abc import Callable
from typing import Any

from pamqp import base, commands

from .broker import generated_name
from .channel import Channel, Confirms
from .deliveries import Consumer, Unacked, requeue
from .errors import ProtocolError, ReplyCode

__all__ = ["HANDLERS"]


def qos(channel: Channel, method: commands.Basic.Qos) -> None:
    """basic.qos: global means the whole channel, otherwise each consumer from now on (RabbitMQ's reading)."""
    if method.prefetch_size:
        raise ProtocolError(ReplyCode.NOT_IMPLEMENTED, f"prefetch_size!=0 ({method.prefetch_size})")
    if method.global_:
        channel.deliveries.limit = method.prefetch_count
    else:
        channel.prefetch = method.prefetch_count
    channel.send(commands.Basic.QosOk)
    channel.dispatch()


def consume(channel: Channel, method: commands.Basic.Consume) -> None:
    """basic.consume."""
    tag = method.consumer_tag or generated_name("amq.ctag-")
    if tag in channel.consumers:
        raise ProtocolError(ReplyCode.NOT_ALLOWED, f"attempt to reuse consumer tag '{tag}'")
    queue = channel.queue(method.queue)
    if queue.exclusive_consumer or (method.exclusive and queue.consumer_count):
        raise ProtocolError(ReplyCode.ACCESS_REFUSED, f"queue '{queue.name}' in vhost '/' in exclusive use")
    consumer = Consumer(channel.deliveries, queue, tag=tag, no_ack=method.no_ack, prefetch=channel.prefetch)
    channel.consumers[tag] = consumer
    queue.add_consumer(consumer, exclusive=method.exclusive)
    if not method.nowait:
        channel.send(commands.Basic.ConsumeOk, consumer_tag=tag)
    queue.dispatch()


def cancel(channel: Channel, method: commands.Basic.Cancel) -> None:
    """basic.cancel: what the consumer holds can still be settled."""
    consumer = channel.consumers.pop(method.consumer_tag or "", None)
    if consumer is not None:
        channel.broker.topology.remove_consumer(consumer)
    if not method.nowait:
        channel.send(commands.Basic.CancelOk, consumer_tag=method.consumer_tag)


def get(channel: Channel, method: commands.Basic.Get) -> None:
    """basic.get."""
    queue = channel.queue(method.queue)
    queued = queue.get()
    if queued is None:
        channel.send(commands.Basic.GetEmpty)
        return
    message = queued.message
    channel.send_content(
        message,
        commands.Basic.GetOk,
        delivery_tag=channel.deliveries.record_get(queue, queued, no_ack=method.no_ack),
        redelivered=queued.redelivered,
        exchange=message.exchange,
        routing_key=message.routing_key,
        message_count=queue.message_count,
    )
    if method.no_ack:
        queue.settled(queued)


def ack(channel: Channel, method: commands.Basic.Ack) -> None:
    """basic.ack."""
    settled = channel.deliveries.take(method.delivery_tag, multiple=method.multiple)
    for delivery in settled:
        delivery.queue.settled(delivery.queued)
    _go_on(channel, settled)


def reject(channel: Channel, method: commands.Basic.Reject) -> None:
    """basic.reject."""
    _refuse(channel, channel.deliveries.take(method.delivery_tag or 0, multiple=False), back=method.requeue)


def nack(channel: Channel, method: commands.Basic.Nack) -> None:
    """basic.nack, RabbitMQ's reject for several."""
    _refuse(channel, channel.deliveries.take(method.delivery_tag, multiple=method.multiple), back=method.requeue)


def recover(channel: Channel, method: commands.Basic.Recover) -> None:
    """basic.recover: everything unacknowledged goes back to its queue."""
    recover_async(channel, method)
    channel.send(commands.Basic.RecoverOk)


def recover_async(channel: Channel, method: commands.Basic.Recover | commands.Basic.RecoverAsync) -> None:
    """basic.recover-async: the same without an answer."""
    if not method.requeue:
        raise ProtocolError(ReplyCode.NOT_IMPLEMENTED, "requeue=false")
    _refuse(channel, channel.deliveries.take_all(), back=True)


def select_confirms(channel: Channel, method: commands.Confirm.Select) -> None:
    """confirm.select."""
    if channel.confirms is None:
        channel.confirms = Confirms()
    if not method.nowait:
        channel.send(commands.Confirm.SelectOk)


def flow(channel: Channel, method: commands.Channel.Flow) -> None:
    """channel.flow: RabbitMQ too knows only active=true."""
    if not method.active:
        raise ProtocolError(ReplyCode.NOT_IMPLEMENTED, "active=false")
    channel.send(commands.Channel.FlowOk, active=True)


def _refuse(channel: Channel, refused: list[Unacked], *, back: bool) -> None:
    if back:
        requeue(refused)
    else:
        for delivery in refused:
            delivery.queue.reject(delivery.queued)
    _go_on(channel, refused)


def _go_on(channel: Channel, settled: list[Unacked]) -> None:
    if channel.deliveries.limit:
        channel.dispatch()
        return
    for queue in {delivery.queue: None for delivery in settled if delivery.consumer is not None}:
        if queue.message_count:
            queue.dispatch()


HANDLERS: dict[type[base.Frame], Callable[[Channel, Any], None]] = {
    commands.Basic.Qos: qos,
    commands.Basic.Consume: consume,
    commands.Basic.Cancel: cancel,
    commands.Basic.Get: get,
    commands.Basic.Ack: ack,
    commands.Basic.Reject: reject,
    commands.Basic.Nack: nack,
    commands.Basic.Recover: recover,
    commands.Basic.RecoverAsync: recover_async,
    commands.Confirm.Select: select_confirms,
    commands.Channel.Flow: flow,
}
