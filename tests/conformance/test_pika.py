"""Pika, a client that shares no code with py-amqp, on both brokers."""

from collections.abc import Iterator
from typing import Any

import pika
import pika.exceptions
import pytest


@pytest.fixture
def connection(broker_url: str) -> Iterator[Any]:
    # In a URL of pika's an empty path is the vhost "", not "/".
    connection = pika.BlockingConnection(pika.URLParameters(broker_url + "%2F" * broker_url.endswith("/")))
    yield connection
    if connection.is_open:
        connection.close()


def test_it_declares_publishes_with_confirms_and_consumes(connection: Any) -> None:
    channel = connection.channel()
    channel.confirm_delivery()
    channel.exchange_declare("orders", "topic", durable=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "orders", "orders.*")
    for number in range(3):
        properties = pika.BasicProperties(headers={"number": number}, delivery_mode=2, expiration="60000")
        channel.basic_publish("orders", "orders.placed", b"%d" % number, properties, mandatory=True)
    channel.basic_qos(prefetch_count=1)
    taken = []
    for method, properties, body in channel.consume(queue, inactivity_timeout=10):
        assert method is not None, "nothing came within 10 s"
        taken.append((properties.headers["number"], body, method.redelivered))
        channel.basic_ack(method.delivery_tag)
        if len(taken) == 3:
            break
    assert taken == [(number, b"%d" % number, False) for number in range(3)]
    assert channel.cancel() == 0


def test_it_gets_rejects_and_recovers(connection: Any) -> None:
    channel = connection.channel()
    channel.queue_declare("q")
    assert channel.basic_get("q") == (None, None, None)
    for body in (b"1", b"2"):
        channel.basic_publish("", "q", body)
    first, _, body = channel.basic_get("q")
    assert (body, first.message_count) == (b"1", 1)
    channel.basic_nack(first.delivery_tag)
    again, _, body = channel.basic_get("q")
    assert (body, again.redelivered) == (b"1", True)
    channel.basic_recover(requeue=True)
    third, _, body = channel.basic_get("q", auto_ack=True)
    assert (body, third.redelivered) == (b"1", True)
    assert channel.queue_purge("q").method.message_count == 1
    channel.queue_delete("q", if_unused=True, if_empty=True)


def test_it_is_told_of_what_nobody_takes_and_of_what_is_not_there(connection: Any) -> None:
    channel = connection.channel()
    channel.confirm_delivery()
    with pytest.raises(pika.exceptions.UnroutableError):
        channel.basic_publish("", "nowhere", b"x", mandatory=True)
    channel.queue_declare("full", arguments={"x-max-length": 0, "x-overflow": "reject-publish"})
    with pytest.raises(pika.exceptions.NackError):
        channel.basic_publish("", "full", b"x")
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as caught:
        channel.queue_declare("nowhere", passive=True)
    assert caught.value.reply_code == 404
    assert connection.is_open
    connection.channel().queue_delete("full")


def test_exchanges_bound_to_exchanges_can_be_unbound(connection: Any) -> None:
    channel = connection.channel()
    channel.exchange_declare("source", "fanout", auto_delete=False)
    channel.exchange_declare("target", "fanout", auto_delete=False)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "target")
    channel.exchange_bind("target", "source")
    channel.basic_publish("source", "", b"1")
    channel.exchange_unbind("target", "source")
    channel.basic_publish("source", "", b"2")
    channel.queue_unbind(queue, "target")
    channel.basic_publish("target", "", b"3")
    assert channel.queue_declare(queue, passive=True).method.message_count == 1


def test_a_wrong_password_is_an_error_of_authentication(broker_url: str) -> None:
    parameters = pika.URLParameters(broker_url + "%2F" * broker_url.endswith("/"))
    parameters.credentials = pika.PlainCredentials("guest", "wrong")
    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(parameters)
