from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import amqp
import pytest
from pamqp import commands

from amqp_client import Inbox, RawClient, wait_until


@pytest.fixture
def client(broker_url: str) -> Iterator[RawClient]:
    with RawClient(broker_url).open() as opened:
        yield opened


@pytest.fixture
def confirming(client: RawClient) -> RawClient:
    client.send(commands.Confirm.Select())
    client.expect(commands.Confirm.SelectOk)
    return client


def _declare(client: RawClient, queue: str, **arguments: Any) -> None:
    client.send(commands.Queue.Declare(queue=queue, arguments=arguments))
    client.expect(commands.Queue.DeclareOk)


def _acks(client: RawClient, last: int) -> list[int]:
    """Delivery tags in the order in which they are acknowledged, up to `last`."""
    seen: list[int] = []
    while not seen or seen[-1] < last:
        ack = client.expect(commands.Basic.Ack)
        first = (seen[-1] if seen else 0) + 1 if ack.multiple else ack.delivery_tag
        assert ack.delivery_tag is not None
        seen.extend(range(first or 0, ack.delivery_tag + 1))
    return seen


def test_every_property_and_header_type_arrives_as_sent(client: RawClient) -> None:
    properties: dict[str, Any] = {
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "headers": {
            "text": "ü",
            "int": 2**40,
            "small": -3,
            "flag": True,
            "none": None,
            "list": [1, "two", {"three": 3}],
            "table": {"deep": {"er": 1}},
            "bytes": bytearray(b"\x00\xff"),
            "time": datetime(2026, 1, 2, tzinfo=UTC),
        },
        "delivery_mode": 2,
        "priority": 7,
        "correlation_id": "c-1",
        "reply_to": "amq.gen-x",
        "expiration": "60000",
        "message_id": "m-1",
        "timestamp": datetime(2026, 3, 4, tzinfo=UTC),
        "message_type": "kind",
        "app_id": "app",
    }
    _declare(client, "q")
    client.publish("q", b"body", **properties)
    client.send(commands.Basic.Get(queue="q"))
    _, received, body = client.content(commands.Basic.GetOk)
    assert body == b"body"
    assert {name: getattr(received, name) for name in properties} == properties


@pytest.mark.parametrize("size", [0, 1, 131_064, 131_065, 1_000_000])
def test_bodies_of_any_size(channel: Any, size: int) -> None:
    channel.queue_declare("q", auto_delete=False)
    body = bytes(range(256)) * (size // 256 + 1)
    channel.basic_publish(amqp.Message(body[:size]), routing_key="q")
    received = channel.basic_get("q").body
    assert (received.encode() if isinstance(received, str) else received) == body[:size]


def test_a_body_is_cut_to_the_receivers_frame_size(broker_url: str, channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    channel.basic_publish(amqp.Message(b"x" * 10_000), routing_key="q")
    with RawClient(broker_url).open(frame_max=4096) as small:
        small.send(commands.Basic.Get(queue="q", no_ack=True))
        small.expect(commands.Basic.GetOk)
        assert small.read().body_size == 10_000
        assert [len(small.read().value) for _ in range(3)] == [4088, 4088, 1824]


def test_confirms_cover_every_message_once_in_order(confirming: RawClient) -> None:
    _declare(confirming, "q")
    for number in range(200):
        confirming.publish("q", str(number).encode())
    assert _acks(confirming, 200) == list(range(1, 201))


def test_an_unroutable_message_is_confirmed(confirming: RawClient) -> None:
    confirming.publish("nowhere", b"m")
    assert confirming.expect(commands.Basic.Ack).delivery_tag == 1


def test_a_mandatory_message_is_returned_before_its_ack(confirming: RawClient) -> None:
    confirming.publish("nowhere", b"body", exchange="amq.direct", mandatory=True, message_id="m-1")
    returned, properties, body = confirming.content(commands.Basic.Return)
    assert (returned.reply_code, returned.reply_text) == (312, "NO_ROUTE")
    assert (returned.exchange, returned.routing_key) == ("amq.direct", "nowhere")
    assert (properties.message_id, body) == ("m-1", b"body")
    assert confirming.expect(commands.Basic.Ack).delivery_tag == 1


def test_a_mandatory_message_that_is_routed_is_not_returned(confirming: RawClient) -> None:
    _declare(confirming, "q")
    confirming.publish("q", b"m", mandatory=True)
    assert confirming.expect(commands.Basic.Ack).delivery_tag == 1


def test_an_alternate_exchange_satisfies_mandatory(confirming: RawClient) -> None:
    confirming.send(commands.Exchange.Declare(exchange="alt", exchange_type="fanout"))
    confirming.expect(commands.Exchange.DeclareOk)
    confirming.send(
        commands.Exchange.Declare(exchange="main", exchange_type="direct", arguments={"alternate-exchange": "alt"})
    )
    confirming.expect(commands.Exchange.DeclareOk)
    _declare(confirming, "lost")
    confirming.send(commands.Queue.Bind(queue="lost", exchange="alt"))
    confirming.expect(commands.Queue.BindOk)
    confirming.publish("nobody", b"m", exchange="main", mandatory=True)
    assert confirming.expect(commands.Basic.Ack).delivery_tag == 1


def test_a_full_queue_refuses_with_a_nack_and_takes_again_when_there_is_room(confirming: RawClient) -> None:
    _declare(confirming, "q", **{"x-max-length": 2, "x-overflow": "reject-publish"})
    outcomes = []
    for number in range(1, 5):
        confirming.publish("q", b"m")
        answer = confirming.read()
        assert answer.delivery_tag == number
        outcomes.append(answer.name)
    assert outcomes == ["Basic.Ack", "Basic.Ack", "Basic.Nack", "Basic.Nack"]
    confirming.send(commands.Basic.Get(queue="q", no_ack=True))
    confirming.content(commands.Basic.GetOk)
    confirming.publish("q", b"m")
    assert confirming.expect(commands.Basic.Ack).delivery_tag == 5


def test_one_refusing_queue_among_several_nacks(confirming: RawClient) -> None:
    _declare(confirming, "full", **{"x-max-length": 0, "x-overflow": "reject-publish"})
    _declare(confirming, "open")
    for queue in ("full", "open"):
        confirming.send(commands.Queue.Bind(queue=queue, exchange="amq.fanout"))
        confirming.expect(commands.Queue.BindOk)
    confirming.publish("", b"m", exchange="amq.fanout")
    assert confirming.expect(commands.Basic.Nack).delivery_tag == 1
    confirming.send(commands.Basic.Get(queue="open", no_ack=True))
    assert confirming.content(commands.Basic.GetOk)[2] == b"m"


def test_reject_publish_dlx_dead_letters_what_it_refuses(confirming: RawClient) -> None:
    _declare(confirming, "dead")
    _declare(
        confirming,
        "full",
        **{
            "x-max-length": 1,
            "x-overflow": "reject-publish-dlx",
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": "dead",
        },
    )
    for body in (b"1", b"2"):
        confirming.publish("full", body)
        confirming.read()
    confirming.send(commands.Basic.Get(queue="dead", no_ack=True))
    _, properties, body = confirming.content(commands.Basic.GetOk)
    assert body == b"2"
    assert properties.headers["x-first-death-reason"] == "maxlen"


def test_publishing_to_a_missing_exchange_closes_only_the_channel(client: RawClient) -> None:
    client.publish("k", b"m", exchange="nope")
    closed = client.expect(commands.Channel.Close)
    assert (closed.reply_code, closed.class_id, closed.method_id) == (404, 60, 40)
    assert closed.reply_text.startswith("NOT_FOUND - no exchange 'nope' in vhost '")
    client.send(commands.Channel.CloseOk())
    client.open_channel(1)
    _declare(client, "q")


def test_what_follows_on_a_failed_channel_is_ignored(client: RawClient) -> None:
    client.open_channel(2)
    client.publish("k", b"m", exchange="nope")
    client.publish("k", b"more", exchange="nope")
    client.send(commands.Queue.Declare(queue="never"))
    client.expect(commands.Channel.Close)
    client.send(commands.Channel.CloseOk())
    client.send(commands.Queue.Declare(queue="never", passive=True), channel=2)
    assert client.expect(commands.Channel.Close).reply_code == 404


@pytest.mark.parametrize("expiration", ["abc", "-1", "1.5", " 1"])
def test_a_wrong_expiration_is_refused(client: RawClient, expiration: str) -> None:
    client.publish("q", b"m", expiration=expiration)
    assert client.expect(commands.Channel.Close).reply_code == 406


def test_a_forged_user_id_is_refused(client: RawClient) -> None:
    client.publish("q", b"m", user_id="somebody else")
    assert client.expect(commands.Channel.Close).reply_code == 406


def test_returns_reach_py_amqp(connections: Callable[..., Any]) -> None:
    connection = connections(confirm_publish=True)
    channel = connection.channel()
    returned = []
    channel.events["basic_return"].add(lambda *what: returned.append(what[:4]))
    channel.basic_publish(amqp.Message("m"), routing_key="nowhere", mandatory=True)
    assert [failure.reply_code for failure, *_ in returned] == [312]


def test_a_channel_may_publish_what_it_consumes(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    inbox = Inbox(channel, "q", no_ack=True)
    for number in range(50):
        channel.basic_publish(amqp.Message(str(number)), routing_key="q")
    assert inbox.wait(50) == [str(number) for number in range(50)]


def test_counts_follow_publishing(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    for _ in range(5):
        channel.basic_publish(amqp.Message("m"), routing_key="q")
    wait_until(lambda: channel.queue_declare("q", passive=True).message_count == 5, "five messages wait")
