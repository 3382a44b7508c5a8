from collections.abc import Callable
from typing import Any

import amqp
import pytest
from pamqp import commands

from amqp_client import Inbox, RawClient, wait_until


def _publish(channel: Any, queue: str, *bodies: str, **properties: Any) -> None:
    for body in bodies:
        channel.basic_publish(amqp.Message(body, **properties), routing_key=queue)


def _exists(connection: Any, queue: str) -> bool:
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
    except amqp.NotFound:
        return False
    channel.close()
    return True


def test_server_named_queues(channel: Any) -> None:
    first, second = (channel.queue_declare("", exclusive=True).queue for _ in range(2))
    assert first.startswith("amq.gen-")
    assert first != second


def test_an_empty_name_means_the_queue_declared_last(channel: Any) -> None:
    channel.exchange_declare("e", "direct", auto_delete=False)
    name = channel.queue_declare("", exclusive=True).queue
    channel.queue_bind("", "e", "")
    channel.basic_publish(amqp.Message("m"), exchange="e", routing_key=name)
    assert channel.basic_get("", no_ack=True).body == "m"


def test_an_empty_name_without_a_declaration(channel: Any) -> None:
    with pytest.raises(amqp.NotFound, match="no previously declared queue"):
        channel.basic_get("")


def test_reserved_queue_names_are_refused(channel: Any) -> None:
    with pytest.raises(amqp.AccessRefused, match="reserved prefix"):
        channel.queue_declare("amq.mine", auto_delete=False)


def test_passive_declare_counts_ready_messages_and_busy_consumers(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    _publish(channel, "q", "1", "2", "3")
    channel.basic_qos(0, 1, False)
    Inbox(channel, "q").wait(1)
    counts = channel.queue_declare("q", passive=True)
    assert (counts.message_count, counts.consumer_count) == (2, 1)


def test_passive_declare_of_a_missing_queue(channel: Any) -> None:
    with pytest.raises(amqp.NotFound, match="no queue 'nope' in vhost"):
        channel.queue_declare("nope", passive=True)


@pytest.mark.parametrize(
    "changed",
    [
        {"durable": True},
        {"auto_delete": True},
        {"arguments": {"x-message-ttl": 2000}},
        {"arguments": {}},
        {"arguments": {"x-message-ttl": 1000, "x-max-length": 5}},
        {"arguments": {"x-message-ttl": 1000, "x-dead-letter-exchange": "e"}},
        {"arguments": {"x-message-ttl": 1000, "x-single-active-consumer": True}},
    ],
)
def test_redeclaring_a_queue_otherwise_is_refused(channel: Any, changed: dict[str, Any]) -> None:
    same = {"durable": False, "auto_delete": False, "arguments": {"x-message-ttl": 1000, "free": "x"}}
    channel.queue_declare("q", **same)
    channel.queue_declare("q", **same)
    with pytest.raises(amqp.PreconditionFailed, match="inequivalent arg"):
        channel.queue_declare("q", **{**same, **changed})


@pytest.mark.parametrize(
    "arguments",
    [
        {"x-message-ttl": -1},
        {"x-message-ttl": "soon"},
        {"x-expires": 0},
        {"x-max-length": -1},
        {"x-overflow": "explode"},
        {"x-dead-letter-exchange": 1},
        {"x-dead-letter-routing-key": "k"},
        {"x-queue-type": "nosuch"},
    ],
)
def test_wrong_queue_arguments_are_refused(channel: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(amqp.PreconditionFailed):
        channel.queue_declare("q", auto_delete=False, arguments=arguments)


def test_an_exclusive_queue_is_locked_to_others(connections: Callable[[], Any]) -> None:
    owner, other = connections().channel(), connections().channel()
    owner.queue_declare("mine", exclusive=True, auto_delete=False)
    refusals: tuple[Callable[[], Any], ...] = (
        lambda: other.queue_declare("mine", passive=True),
        lambda: other.queue_declare("mine", auto_delete=False),
        lambda: other.queue_declare("mine", exclusive=True, auto_delete=False),
        lambda: other.basic_get("mine"),
        lambda: other.basic_consume("mine"),
        lambda: other.queue_purge("mine"),
        lambda: other.queue_delete("mine"),
        lambda: other.queue_bind("mine", "amq.direct", "k"),
    )
    for refused in refusals:
        with pytest.raises(amqp.exceptions.ResourceLocked):
            refused()
    with pytest.raises(amqp.exceptions.ResourceLocked):
        owner.queue_declare("mine", auto_delete=False)


def test_others_may_publish_to_an_exclusive_queue(connections: Callable[[], Any]) -> None:
    owner, other = connections().channel(), connections().channel()
    name = owner.queue_declare("", exclusive=True).queue
    _publish(other, name, "reply")
    assert Inbox(owner, name, no_ack=True).wait(1) == ["reply"]


def test_an_exclusive_queue_goes_with_its_connection(connections: Callable[[], Any]) -> None:
    owner, other = connections(), connections()
    owner.channel().queue_declare("mine", exclusive=True, auto_delete=False)
    owner.close()
    wait_until(lambda: not _exists(other, "mine"), "the queue is gone")


def test_an_auto_delete_queue_goes_with_its_last_consumer(connections: Callable[[], Any]) -> None:
    connection = connections()
    first, second = connection.channel(), connection.channel()
    first.queue_declare("q", auto_delete=True)
    assert _exists(connection, "q")
    inbox = Inbox(first, "q")
    Inbox(second, "q")
    first.basic_cancel(inbox.tag)
    assert _exists(connection, "q")
    second.close()
    wait_until(lambda: not _exists(connection, "q"), "the queue is gone")


def _watched(client: RawClient) -> None:
    client.send(commands.Confirm.Select())
    client.expect(commands.Confirm.SelectOk)


def _routable(client: RawClient, queue: str) -> bool:
    # Asking by a passive declaration would count as a use of the queue.
    client.publish(queue, b"m", mandatory=True)
    answer = client.read()
    if isinstance(answer, commands.Basic.Ack):
        return True
    assert isinstance(answer, commands.Basic.Return)
    client.read()
    client.read()
    client.expect(commands.Basic.Ack)
    return False


def test_an_unused_queue_expires(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        _watched(client)
        client.send(commands.Queue.Declare(queue="q", arguments={"x-expires": 150}))
        client.expect(commands.Queue.DeclareOk)
        assert _routable(client, "q")
        wait_until(lambda: not _routable(client, "q"), "the queue is gone")


def test_a_consumer_keeps_a_queue_from_expiring(broker_url: str, channel: Any) -> None:
    channel.queue_declare("kept", auto_delete=False, arguments={"x-expires": 100})
    inbox = Inbox(channel, "kept", no_ack=True)
    channel.queue_declare("clock", auto_delete=False, arguments={"x-expires": 300})
    with RawClient(broker_url).open() as client:
        _watched(client)
        wait_until(lambda: not _routable(client, "clock"), "the clock queue is gone")
        assert _routable(client, "kept")
    assert inbox.wait(1) == [b"m"]


def test_purge_counts_and_spares_what_consumers_hold(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    _publish(channel, "q", "1", "2", "3")
    held = channel.basic_get("q")
    assert channel.queue_purge("q") == 2
    channel.basic_reject(held.delivery_tag, requeue=True)
    assert channel.basic_get("q").body == "1"


def test_delete_if_empty_and_if_unused(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    _publish(channel, "q", "1")
    with pytest.raises(amqp.PreconditionFailed, match="not empty"):
        channel.queue_delete("q", if_empty=True)
    assert channel.queue_purge("q") == 1
    inbox = Inbox(channel, "q")
    with pytest.raises(amqp.PreconditionFailed, match="in use"):
        channel.queue_delete("q", if_unused=True)
    channel.queue_declare("q", passive=True)
    _publish(channel, "q", "1", "2")
    assert channel.queue_delete("q") == 2
    assert not inbox.messages


def test_deleting_a_missing_queue_is_fine(channel: Any) -> None:
    assert channel.queue_delete("nope") == 0


def test_a_deleted_queue_loses_its_bindings(channel: Any) -> None:
    channel.exchange_declare("e", "fanout", auto_delete=False)
    channel.queue_declare("q", auto_delete=False)
    channel.queue_bind("q", "e", "")
    channel.queue_delete("q")
    channel.queue_declare("q", auto_delete=False)
    channel.basic_publish(amqp.Message("m"), exchange="e")
    assert channel.basic_get("q") is None


def test_messages_of_a_deleted_queue_can_still_be_settled(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    _publish(channel, "q", "1", "2")
    first, second = channel.basic_get("q"), channel.basic_get("q")
    channel.queue_delete("q")
    channel.basic_ack(first.delivery_tag)
    channel.basic_reject(second.delivery_tag, requeue=True)
    channel.queue_declare("q", auto_delete=False)
    assert channel.basic_get("q") is None


def test_drop_head_keeps_the_newest(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False, arguments={"x-max-length": 2})
    _publish(channel, "q", "1", "2", "3", "4")
    assert [channel.basic_get("q").body for _ in range(2)] == ["3", "4"]
    assert channel.basic_get("q") is None


def test_max_length_bytes_counts_bodies(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False, arguments={"x-max-length-bytes": 10})
    _publish(channel, "q", "a" * 5, "b" * 5, "c" * 4, app_id="not counted")
    assert [channel.basic_get("q").body for _ in range(2)] == ["b" * 5, "c" * 4]


def test_a_full_queue_without_confirms_drops_silently(channel: Any) -> None:
    arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
    channel.queue_declare("q", auto_delete=False, arguments=arguments)
    _publish(channel, "q", "1", "2")
    assert channel.basic_get("q").body == "1"
    assert channel.basic_get("q") is None


def test_messages_that_consumers_hold_do_not_fill_a_queue(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        arguments: Any = {"x-max-length": 1, "x-overflow": "reject-publish"}
        client.send(commands.Queue.Declare(queue="q", arguments=arguments))
        client.expect(commands.Queue.DeclareOk)
        client.send(commands.Confirm.Select())
        client.expect(commands.Confirm.SelectOk)
        client.publish("q", b"1")
        assert client.expect(commands.Basic.Ack).delivery_tag == 1
        client.send(commands.Basic.Get(queue="q"))
        client.content(commands.Basic.GetOk)
        client.publish("q", b"2")
        assert client.expect(commands.Basic.Ack).delivery_tag == 2
        client.publish("q", b"3")
        assert client.expect(commands.Basic.Nack).delivery_tag == 3
