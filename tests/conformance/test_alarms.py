"""A broker that is low on memory or disk: publishers are told and held, everybody else goes on."""

from collections.abc import Callable
from typing import Any

import pytest
from pamqp import commands

from amqp_client import DEADLINE, Inbox, RawClient

BLOCKED = {"connection.blocked": True}
Alarm = Callable[[bool], None]


@pytest.fixture
def publisher(broker_url: str) -> Any:
    with RawClient(broker_url) as client:
        client.open(capabilities=BLOCKED)
        client.send(commands.Queue.Declare(queue="q"))
        client.expect(commands.Queue.DeclareOk)
        client.send(commands.Confirm.Select())
        client.expect(commands.Confirm.SelectOk)
        yield client


def _hears_nothing(client: RawClient) -> None:
    client.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.read()
    client.socket.settimeout(DEADLINE)


def test_a_publisher_is_told_and_held_until_the_alarm_ends(publisher: RawClient, alarm: Alarm) -> None:
    alarm(True)
    publisher.publish("q", b"1")
    assert publisher.expect(commands.Connection.Blocked).reason
    publisher.publish("q", b"2")
    publisher.send(commands.Channel.Flow(True))
    _hears_nothing(publisher)
    alarm(False)
    publisher.expect(commands.Connection.Unblocked)
    seen: dict[str, int] = {}
    while seen.keys() != {"Basic.Ack", "Channel.FlowOk"} or seen["Basic.Ack"] < 2:
        method = publisher.read()
        seen[method.name] = getattr(method, "delivery_tag", 0)
    publisher.publish("q", b"3")
    assert publisher.expect(commands.Basic.Ack).delivery_tag == 3


def test_an_empty_message_is_taken_before_its_publisher_is_held(publisher: RawClient, alarm: Alarm) -> None:
    alarm(True)
    publisher.publish("q", b"")
    assert {publisher.read().name, publisher.read().name} == {"Connection.Blocked", "Basic.Ack"}
    alarm(False)
    publisher.expect(commands.Connection.Unblocked)


def test_who_does_not_publish_is_not_told_and_goes_on(publisher: RawClient, alarm: Alarm, channel: Any) -> None:
    for _ in range(3):
        publisher.publish("q", b"m")
        publisher.expect(commands.Basic.Ack)
    alarm(True)
    channel.basic_qos(0, 1, False)
    inbox = Inbox(channel, "q", ack=True)
    assert inbox.wait(3) == [b"m"] * 3
    assert channel.queue_declare("q", passive=True).message_count == 0
    publisher.send(commands.Queue.Declare(queue="q", passive=True))
    assert publisher.expect(commands.Queue.DeclareOk).consumer_count == 1


def test_a_client_that_knows_nothing_of_it_is_held_without_a_word(broker_url: str, alarm: Alarm, channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    with RawClient(broker_url).open() as client:
        alarm(True)
        client.publish("q", b"1")
        client.send(commands.Channel.Flow(True))
        _hears_nothing(client)
        alarm(False)
        client.expect(commands.Channel.FlowOk)


def test_a_connection_may_be_opened_during_an_alarm(broker_url: str, alarm: Alarm) -> None:
    alarm(True)
    with RawClient(broker_url).open(capabilities=BLOCKED) as client:
        client.send(commands.Queue.Declare(queue="q"))
        client.expect(commands.Queue.DeclareOk)
        client.publish("q", b"1")
        client.expect(commands.Connection.Blocked)
