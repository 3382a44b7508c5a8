from typing import Any

from kombu import Connection, Consumer, Exchange, Producer, Queue


def test_kombu_declares_publishes_and_consumes(broker_url: str) -> None:
    exchange = Exchange("orders", type="topic", durable=True)
    queue = Queue("orders.placed", exchange, routing_key="orders.*", durable=True, expires=60)
    received: list[tuple[Any, Any]] = []

    def take(body: Any, message: Any) -> None:
        received.append((body, message.headers["svc"]))
        message.ack()

    with Connection(broker_url) as connection, Consumer(connection, [queue], callbacks=[take], prefetch_count=1):
        producer = Producer(connection.channel(), exchange=exchange, serializer="json")
        for number in range(3):
            producer.publish({"number": number}, routing_key="orders.placed", headers={"svc": f"call={number}"})
        while len(received) < 3:
            connection.drain_events(timeout=5)
        assert queue(connection.default_channel).queue_declare(passive=True).message_count == 0
    assert received == [({"number": number}, f"call={number}") for number in range(3)]


def test_kombu_retries_with_confirms(broker_url: str) -> None:
    with Connection(broker_url, transport_options={"confirm_publish": True}) as connection:
        queue = Queue("q", Exchange("e"), routing_key="k")
        producer = connection.Producer()
        producer.publish("m", exchange="e", routing_key="k", declare=[queue], retry=True)
        message = queue(connection.default_channel).get()
        assert message is not None
        assert message.payload == "m"
        message.ack()


def test_kombu_simple_queue(broker_url: str) -> None:
    with Connection(broker_url) as connection, connection.SimpleQueue("simple") as queue:
        queue.put({"a": 1})
        message = queue.get(timeout=5)
        message.ack()
        assert message.payload == {"a": 1}
