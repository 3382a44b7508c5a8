from collections.abc import Callable
from typing import Any

import amqp
import pytest
from pamqp import commands

from amqp_client import Inbox, RawClient, drain, wait_until


@pytest.fixture
def queue(channel: Any) -> str:
    channel.queue_declare("q", auto_delete=False)
    return "q"


def _publish(channel: Any, *bodies: str, queue: str = "q") -> None:
    for body in bodies:
        channel.basic_publish(amqp.Message(body), routing_key=queue)


def _count(channel: Any, queue: str = "q") -> int:
    count: int = channel.queue_declare(queue, passive=True).message_count
    return count


def test_delivery_tags_count_from_one_per_channel(channel: Any, queue: str) -> None:
    _publish(channel, "1", "2", "3")
    inbox = Inbox(channel, queue)
    inbox.wait(3)
    assert [message.delivery_tag for message in inbox.messages] == [1, 2, 3]
    assert [message.delivery_info["redelivered"] for message in inbox.messages] == [False] * 3


def test_prefetch_holds_back_what_is_not_acknowledged(channel: Any, queue: str) -> None:
    _publish(channel, *"12345")
    channel.basic_qos(0, 2, False)
    inbox = Inbox(channel, queue)
    inbox.wait(2)
    assert inbox.settle() == ["1", "2"]
    channel.basic_ack(inbox.messages[0].delivery_tag)
    assert inbox.wait(3) == ["1", "2", "3"]
    assert _count(channel) == 2


def test_prefetch_counts_each_consumer_of_a_channel(channel: Any, queue: str) -> None:
    channel.queue_declare("other", auto_delete=False)
    _publish(channel, *"123")
    _publish(channel, *"abc", queue="other")
    channel.basic_qos(0, 1, False)
    first, second = Inbox(channel, queue), Inbox(channel, "other")
    first.wait(1)
    second.wait(1)
    assert (first.settle(), second.settle()) == (["1"], ["a"])


def test_global_prefetch_counts_the_whole_channel(connections: Callable[[], Any], channel: Any, queue: str) -> None:
    channel.queue_declare("other", auto_delete=False)
    _publish(channel, *"12")
    _publish(channel, *"ab", queue="other")
    consuming = connections().channel()
    consuming.basic_qos(0, 3, True)
    first, second = Inbox(consuming, queue), Inbox(consuming, "other")
    drain(consuming.connection, lambda: len(first.messages) + len(second.messages) == 3, "three messages")
    wait_until(lambda: _count(channel) + _count(channel, "other") == 1, "one message waits")
    consuming.basic_ack((first.messages + second.messages)[0].delivery_tag)
    drain(consuming.connection, lambda: len(first.messages) + len(second.messages) == 4, "the fourth message")


def test_prefetch_does_not_limit_a_consumer_without_acks(channel: Any, queue: str) -> None:
    _publish(channel, *"12345")
    channel.basic_qos(0, 1, False)
    assert Inbox(channel, queue, no_ack=True).wait(5) == list("12345")


def test_basic_get_ignores_prefetch(channel: Any, queue: str) -> None:
    _publish(channel, *"123")
    channel.basic_qos(0, 1, False)
    assert [channel.basic_get(queue).body for _ in range(3)] == ["1", "2", "3"]


def test_acks_of_several(channel: Any, queue: str) -> None:
    _publish(channel, *"12345")
    inbox = Inbox(channel, queue)
    inbox.wait(5)
    channel.basic_ack(3, multiple=True)
    channel.basic_recover(requeue=True)
    inbox.wait(7)
    assert inbox.bodies[5:] == ["4", "5"]
    channel.basic_ack(0, multiple=True)
    channel.basic_cancel(inbox.tag)
    channel.basic_recover(requeue=True)
    assert channel.basic_get(queue) is None


def test_acks_in_any_order(channel: Any, queue: str) -> None:
    _publish(channel, *"123")
    inbox = Inbox(channel, queue)
    inbox.wait(3)
    for tag in (2, 3, 1):
        channel.basic_ack(tag)
    channel.basic_cancel(inbox.tag)
    channel.basic_recover(requeue=True)
    assert _count(channel) == 0


@pytest.mark.parametrize(("tag", "multiple"), [(7, False), (7, True), (1, False), (0, False)])
def test_an_unknown_delivery_tag_closes_the_channel(channel: Any, queue: str, tag: int, multiple: bool) -> None:
    _publish(channel, "1", "2")
    Inbox(channel, queue).wait(2)
    channel.basic_ack(1)
    channel.basic_ack(tag, multiple=multiple)
    with pytest.raises(amqp.PreconditionFailed, match=f"unknown delivery tag {tag}"):
        channel.queue_declare(queue, passive=True)


def test_acking_everything_of_nothing_is_fine(channel: Any, queue: str) -> None:
    channel.basic_ack(0, multiple=True)
    assert _count(channel) == 0


def test_reject_with_requeue_keeps_the_place_and_marks_it(channel: Any, queue: str) -> None:
    _publish(channel, *"1234")
    taken = [channel.basic_get(queue) for _ in range(3)]
    channel.basic_reject(taken[1].delivery_tag, requeue=True)
    channel.basic_reject(taken[0].delivery_tag, requeue=True)
    again = [channel.basic_get(queue) for _ in range(3)]
    assert [(m.body, m.delivery_info["redelivered"]) for m in again] == [("1", True), ("2", True), ("4", False)]


def test_nack_of_several_puts_them_back_in_order(broker_url: str, channel: Any, queue: str) -> None:
    _publish(channel, *"12345")
    with RawClient(broker_url).open() as client:
        for _ in range(4):
            client.send(commands.Basic.Get(queue=queue))
            client.content(commands.Basic.GetOk)
        client.send(commands.Basic.Nack(delivery_tag=3, multiple=True, requeue=True))
        client.send(commands.Queue.Declare(queue=queue, passive=True))
        assert client.expect(commands.Queue.DeclareOk).message_count == 4
    wait_until(lambda: _count(channel) == 5, "the connection's end gives the rest back")
    assert [channel.basic_get(queue).body for _ in range(5)] == list("12345")


def test_reject_without_requeue_drops(channel: Any, queue: str) -> None:
    _publish(channel, "1", "2")
    channel.basic_reject(channel.basic_get(queue).delivery_tag, requeue=False)
    assert [channel.basic_get(queue).body, channel.basic_get(queue)] == ["2", None]


def test_a_closed_channel_gives_back_in_order(connections: Callable[[], Any], channel: Any, queue: str) -> None:
    _publish(channel, *"12345")
    other = connections().channel()
    Inbox(other, queue).wait(5)
    other.basic_ack(2)
    other.close()
    wait_until(lambda: _count(channel) == 4, "the messages are back")
    taken = [channel.basic_get(queue) for _ in range(4)]
    assert [message.body for message in taken] == ["1", "3", "4", "5"]
    assert all(message.delivery_info["redelivered"] for message in taken)


def test_a_lost_connection_gives_back_to_the_next_consumer(broker_url: str, channel: Any, queue: str) -> None:
    _publish(channel, "1")
    with RawClient(broker_url).open() as client:
        client.send(commands.Basic.Consume(queue=queue))
        client.expect(commands.Basic.ConsumeOk)
        assert client.content(commands.Basic.Deliver)[2] == b"1"
        inbox = Inbox(channel, queue)
    assert inbox.wait(1) == ["1"]
    assert inbox.messages[0].delivery_info["redelivered"]


def test_consumers_take_turns(channel: Any, queue: str) -> None:
    channel.basic_qos(0, 1, False)
    first, second = Inbox(channel, queue, ack=True), Inbox(channel, queue, ack=True)
    _publish(channel, *(str(number) for number in range(20)))
    drain(channel.connection, lambda: len(first.messages) + len(second.messages) == 20, "all messages")
    assert len(first.messages) == len(second.messages) == 10


def test_cancel_keeps_what_the_consumer_holds(channel: Any, queue: str) -> None:
    _publish(channel, "1", "2")
    channel.basic_qos(0, 1, False)
    inbox = Inbox(channel, queue)
    inbox.wait(1)
    channel.basic_cancel(inbox.tag)
    channel.basic_ack(inbox.messages[0].delivery_tag)
    counts = channel.queue_declare(queue, passive=True)
    assert (counts.message_count, counts.consumer_count) == (1, 0)
    assert inbox.bodies == ["1"]


def test_cancelling_an_unknown_consumer_is_fine(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Basic.Cancel(consumer_tag="nobody"))
        assert client.expect(commands.Basic.CancelOk).consumer_tag == "nobody"


def test_consumers_are_told_when_their_queue_goes(connections: Callable[[], Any], channel: Any, queue: str) -> None:
    other = connections().channel()
    inbox = Inbox(other, queue)
    channel.queue_delete(queue)
    drain(other.connection, lambda: inbox.cancelled, "the cancellation")
    assert inbox.cancelled == [inbox.tag]


def test_clients_that_do_not_know_cancellations_are_not_told(broker_url: str, channel: Any, queue: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Basic.Consume(queue=queue))
        client.expect(commands.Basic.ConsumeOk)
        channel.queue_delete(queue)
        client.send(commands.Basic.Qos())
        client.expect(commands.Basic.QosOk)


def test_consumer_tags_made_by_the_broker_differ(channel: Any, queue: str) -> None:
    first, second = Inbox(channel, queue), Inbox(channel, queue)
    assert first.tag.startswith("amq.ctag-")
    assert first.tag != second.tag


def test_a_consumer_tag_used_twice_closes_the_connection(channel: Any, queue: str) -> None:
    Inbox(channel, queue, consumer_tag="mine")
    with pytest.raises(amqp.exceptions.NotAllowed, match="attempt to reuse consumer tag 'mine'"):
        Inbox(channel, queue, consumer_tag="mine")


def test_consuming_from_a_missing_queue(channel: Any) -> None:
    with pytest.raises(amqp.NotFound):
        Inbox(channel, "nope")


def test_an_exclusive_consumer_is_alone(connections: Callable[[], Any], channel: Any, queue: str) -> None:
    inbox = Inbox(channel, queue, exclusive=True)
    other = connections().channel()
    with pytest.raises(amqp.AccessRefused, match="in exclusive use"):
        Inbox(other, queue)
    channel.basic_cancel(inbox.tag)
    Inbox(other, queue)
    with pytest.raises(amqp.AccessRefused, match="in exclusive use"):
        Inbox(channel, queue, exclusive=True)


def test_a_single_active_consumer_hands_over_when_it_goes(connections: Callable[[], Any], channel: Any) -> None:
    channel.queue_declare("timer", auto_delete=False, arguments={"x-single-active-consumer": True})
    channels = [connections().channel() for _ in range(3)]
    for each in channels:
        each.basic_qos(0, 1, False)
    inboxes = [Inbox(each, "timer") for each in channels]
    _publish(channel, "1", "2", queue="timer")
    inboxes[0].wait(1)
    assert inboxes[1].settle() == inboxes[2].settle() == []
    channels[0].connection.close()
    assert inboxes[1].wait(1) == ["1"]
    assert inboxes[1].messages[0].delivery_info["redelivered"]
    assert inboxes[2].settle() == []
    channels[1].basic_ack(inboxes[1].messages[0].delivery_tag)
    assert inboxes[1].wait(2) == ["1", "2"]
    assert channel.queue_declare("timer", passive=True).consumer_count == 2


def test_basic_get_counts_what_is_left(channel: Any, queue: str) -> None:
    _publish(channel, *"123")
    assert [channel.basic_get(queue).delivery_info["message_count"] for _ in range(3)] == [2, 1, 0]
    assert channel.basic_get(queue) is None


def test_recover_without_requeue_is_not_implemented(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Basic.Recover(requeue=False))
        assert client.expect(commands.Connection.Close).reply_code == 540


def test_consume_ok_comes_before_the_first_delivery(broker_url: str, channel: Any, queue: str) -> None:
    _publish(channel, "1")
    with RawClient(broker_url).open() as client:
        client.send(commands.Basic.Consume(queue=queue, consumer_tag="t"))
        client.expect(commands.Basic.ConsumeOk)
        delivered, _, body = client.content(commands.Basic.Deliver)
        assert (delivered.consumer_tag, delivered.exchange, delivered.routing_key, body) == ("t", "", queue, b"1")
