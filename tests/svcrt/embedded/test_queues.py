from hypothesis import given, settings
from hypothesis import strategies as st
from pamqp import commands
from pamqp.common import FieldTable

from sansio_client import Client, advance, make_broker


@settings(deadline=None, max_examples=100)
@given(st.permutations(range(8)), st.integers(0, 8))
def test_requeued_messages_take_their_old_places(order: list[int], returned: int) -> None:
    broker, _ = make_broker()
    client = Client(broker).open()
    client.send(commands.Queue.Declare(queue="q"))
    for number in range(10):
        client.publish("q", b"%d" % number)
    for _ in range(8):
        client.send(commands.Basic.Get(queue="q"))
    for index in order[:returned]:
        client.send(commands.Basic.Reject(delivery_tag=index + 1, requeue=True))
    client.received()
    client.send(commands.Basic.Consume(queue="q", no_ack=True))
    assert client.bodies() == [b"%d" % number for number in sorted([*order[:returned], 8, 9])]


def test_expiry_is_by_the_clock_to_the_millisecond() -> None:
    broker, clock = make_broker()
    client = Client(broker).open()
    client.send(commands.Queue.Declare(queue="q", arguments={"x-message-ttl": 5000}))
    client.publish("q")
    advance(broker, clock, 4.999)
    assert broker.topology.queues["q"].message_count == 1
    advance(broker, clock, 0.001)
    assert broker.topology.queues["q"].message_count == 0


def test_retry_steps_arrive_in_time_and_in_order() -> None:
    broker, clock = make_broker()
    client = Client(broker).open()
    client.send(commands.Exchange.Declare(exchange="back", exchange_type="direct"))
    client.send(
        commands.Queue.Declare(queue="delay", arguments={"x-message-ttl": 30_000, "x-dead-letter-exchange": "back"})
    )
    client.send(commands.Queue.Bind(queue="delay", exchange="amq.fanout"))
    client.send(commands.Queue.Declare(queue="work"))
    client.send(commands.Queue.Bind(queue="work", exchange="back", routing_key="work"))
    client.send(commands.Basic.Consume(queue="work", no_ack=True))
    for number in range(3):
        client.publish("work", b"%d" % number, exchange="amq.fanout")
        advance(broker, clock, 1)
    client.received()
    advance(broker, clock, 26.9)
    assert client.bodies() == []
    advance(broker, clock, 1.2)
    assert client.bodies() == [b"0", b"1"]
    advance(broker, clock, 1)
    assert client.bodies() == [b"2"]


def test_a_queue_expires_only_unused() -> None:
    broker, clock = make_broker()
    client = Client(broker).open()
    client.send(commands.Queue.Declare(queue="q", arguments={"x-expires": 60_000}))
    advance(broker, clock, 50)
    client.send(commands.Queue.Declare(queue="q", passive=True))
    advance(broker, clock, 50)
    client.send(commands.Basic.Consume(queue="q", consumer_tag="t"))
    advance(broker, clock, 500)
    client.send(commands.Basic.Cancel(consumer_tag="t"))
    advance(broker, clock, 59)
    assert "q" in broker.topology.queues
    advance(broker, clock, 61)
    assert "q" not in broker.topology.queues


def test_a_long_chain_of_dead_letters_is_no_recursion() -> None:
    broker, clock = make_broker()
    client = Client(broker).open()
    for number in range(200):
        arguments: FieldTable = {
            "x-message-ttl": 0,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": f"q{number + 1}",
        }
        client.send(commands.Queue.Declare(queue=f"q{number}", arguments=arguments))
    client.send(commands.Queue.Declare(queue="q200"))
    client.publish("q0")
    advance(broker, clock, 1)
    assert broker.topology.queues["q200"].message_count == 1


def test_nothing_is_accounted_for_once_everything_is_gone() -> None:
    broker, clock = make_broker(memory_limit=3000)
    client, reader = Client(broker).open(), Client(broker).open()
    client.send(commands.Queue.Declare(queue="q", arguments={"x-max-length": 5}))
    client.send(commands.Queue.Declare(queue="gone"))
    for _ in range(30):
        client.publish("q", b"x" * 100, expiration="50")
        client.publish("gone", b"x" * 10)
        reader.send(commands.Basic.Get(queue="q"))
        reader.send(commands.Basic.Reject(delivery_tag=0, requeue=False))
        reader.send(commands.Queue.Purge(queue="gone"))
    advance(broker, clock, 1)
    assert not client.connection.paused
