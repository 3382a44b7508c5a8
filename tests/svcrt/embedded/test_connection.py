import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamqp import commands, frame

from sansio_client import Client, advance, make_broker

_CALM = settings(deadline=None, max_examples=150)


def _names(client: Client) -> list[str]:
    return [value.name for value in client.received()]


@_CALM
@given(st.lists(st.binary(min_size=1, max_size=80), max_size=6), st.booleans())
def test_random_bytes_end_at_most_their_own_connection(pieces: list[bytes], greeted: bool) -> None:
    broker, _ = make_broker()
    bystander, attacker = Client(broker).open(), Client(broker)
    if greeted:
        attacker.open()
    for piece in pieces:
        attacker.connection.receive(piece)
    bystander.send(commands.Queue.Declare(queue="q"))
    assert _names(bystander) == ["Queue.DeclareOk"]


@_CALM
@given(st.sampled_from(sorted(commands.INDEX_MAPPING)), st.binary(max_size=60))
def test_random_arguments_end_at_most_their_own_connection(index: int, arguments: bytes) -> None:
    broker, _ = make_broker()
    bystander, attacker = Client(broker).open(), Client(broker).open()
    payload = index.to_bytes(4, "big") + arguments
    attacker.connection.receive(b"\x01\x00\x01" + len(payload).to_bytes(4, "big") + payload + b"\xce")
    assert all(
        getattr(value, "reply_code", 0) != 541 for value in attacker.received() if value.name == "Connection.Close"
    )
    bystander.send(commands.Queue.Declare(queue="another"))
    assert _names(bystander) == ["Queue.DeclareOk"]


@_CALM
@given(st.binary(max_size=60))
def test_a_random_content_header_ends_at_most_its_own_connection(payload: bytes) -> None:
    broker, _ = make_broker()
    client = Client(broker).open()
    client.send(commands.Basic.Publish(routing_key="q"))
    client.connection.receive(b"\x02\x00\x01" + len(payload).to_bytes(4, "big") + payload + b"\xce")
    assert all(getattr(value, "reply_code", 0) != 541 for value in client.received())


def test_a_silent_stranger_is_cut_off() -> None:
    broker, clock = make_broker()
    client = Client(broker)
    advance(broker, clock, 9.9)
    assert not client.connection.closed
    advance(broker, clock, 0.2)
    assert client.connection.closed


def test_heartbeats_are_sent_when_nothing_else_is() -> None:
    broker, clock = make_broker()
    client = Client(broker).open(heartbeat=10)
    advance(broker, clock, 10.1)
    assert "Heartbeat" in _names(client)


def test_a_client_without_heartbeats_is_dropped_and_gives_back() -> None:
    broker, clock = make_broker()
    client, other = Client(broker).open(heartbeat=10), Client(broker).open()
    client.send(commands.Queue.Declare(queue="q"))
    client.send(commands.Basic.Consume(queue="q"))
    client.publish("q")
    other.send(commands.Basic.Get(queue="q"))
    assert _names(other) == ["Basic.GetEmpty"]
    advance(broker, clock, 26)
    assert client.connection.closed
    other.send(commands.Basic.Get(queue="q"))
    assert other.bodies() == [b"m"]


def test_a_client_that_does_not_answer_a_close_is_cut_off() -> None:
    broker, clock = make_broker()
    client = Client(broker).open()
    client.send(commands.Basic.Qos(prefetch_size=1))
    assert _names(client) == ["Connection.Close"]
    assert not client.connection.closed
    advance(broker, clock, 11)
    assert client.connection.closed


def test_an_alarm_blocks_who_publishes_and_only_them() -> None:
    broker, _ = make_broker()
    publisher = Client(broker).open(capabilities={"connection.blocked": True})
    consumer = Client(broker).open(capabilities={"connection.blocked": True})
    publisher.send(commands.Queue.Declare(queue="q"))
    publisher.received()
    publisher.connection.receive(Client.content("q", b"0"))
    broker.set_alarm("low on memory")
    publisher.connection.receive(Client.content("q", b"1") + Client.content("q", b"2"))
    blocked = publisher.received()
    assert [(value.name, value.reason) for value in blocked] == [("Connection.Blocked", "low on memory")]
    assert publisher.connection.paused
    consumer.send(commands.Basic.Consume(queue="q"))
    assert consumer.bodies() == [b"0"]
    assert not consumer.connection.paused
    broker.set_alarm(None)
    assert _names(publisher) == ["Connection.Unblocked"]
    assert consumer.bodies() == [b"1", b"2"]


def test_messages_held_block_publishers_until_they_are_gone() -> None:
    broker, _ = make_broker(memory_limit=10_000)
    client, reader = Client(broker).open(), Client(broker).open()
    client.send(commands.Queue.Declare(queue="q"))
    for _ in range(3):
        client.publish("q", b"x" * 4000)
    assert client.connection.paused
    reader.send(commands.Basic.Get(queue="q", no_ack=True))
    assert not client.connection.paused


def test_a_slow_consumer_is_not_sent_more_than_it_takes() -> None:
    broker, _ = make_broker()
    slow, publisher = Client(broker).open(), Client(broker).open()
    slow.send(commands.Queue.Declare(queue="q"))
    slow.send(commands.Basic.Consume(queue="q", no_ack=True))
    for _ in range(40):
        publisher.publish("q", b"x" * 100_000)
    waiting = broker.topology.queues["q"].message_count
    assert 25 <= waiting <= 30
    first = len(slow.bodies())
    slow.connection.drained()
    assert broker.topology.queues["q"].message_count < waiting
    assert first + len(slow.bodies()) == 40 - broker.topology.queues["q"].message_count


def test_acks_of_one_read_share_a_frame_and_a_nack_splits_them() -> None:
    broker, _ = make_broker()
    client = Client(broker).open()
    client.send(commands.Queue.Declare(queue="q", arguments={"x-max-length": 3, "x-overflow": "reject-publish"}))
    client.send(commands.Confirm.Select())
    client.received()
    client.connection.receive(Client.content("q") * 5 + Client.content("nowhere"))
    answers = [(value.name, value.delivery_tag, value.multiple) for value in client.received()]
    assert answers == [
        ("Basic.Ack", 3, True),
        ("Basic.Nack", 4, False),
        ("Basic.Nack", 5, False),
        ("Basic.Ack", 6, False),
    ]


def test_a_fault_of_the_broker_ends_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    broker, _ = make_broker()
    client, other = Client(broker).open(), Client(broker).open()
    monkeypatch.setattr(broker.topology, "delete_exchange", None)
    client.send(commands.Exchange.Delete(exchange="x"))
    closed = client.received()
    assert [(value.name, value.reply_code) for value in closed] == [("Connection.Close", 541)]
    other.send(commands.Queue.Declare(queue="q"))
    assert _names(other) == ["Queue.DeclareOk"]


def test_transactions_and_foreign_queue_types_are_refused_clearly() -> None:
    broker, _ = make_broker()
    client = Client(broker).open()
    client.send(commands.Queue.Declare(queue="q", durable=True, arguments={"x-queue-type": "stream"}))
    closed = client.received()[0]
    assert closed.reply_code == 406
    assert "not supported by the embedded broker" in closed.reply_text
    client.send(commands.Channel.CloseOk())
    client.send(commands.Channel.Open())
    client.received()
    client.connection.receive(frame.marshal(commands.Tx.Select(), 1))
    assert [value.reply_code for value in client.received()] == [540]
