import struct
from collections.abc import Callable
from typing import Any

import amqp
import pytest
from pamqp import commands, frame, header

from amqp_client import RawClient, connect, drain


def _close_code(client: RawClient) -> int:
    """Code of the connection.close that the broker sends before it closes; 0 if it closes without one."""
    for value in client.read_to_end_after_close():
        if isinstance(value, commands.Connection.Close):
            return value.reply_code or 0
    return 0


def _alive(url: str) -> bool:
    connection = connect(url)
    channel = connection.channel()
    channel.queue_declare("alive", auto_delete=False)
    connection.close()
    return True


def test_another_protocol_header_is_answered_with_ours(broker_url: str) -> None:
    with RawClient(broker_url) as client:
        client.socket.sendall(b"HTTP/1.1")
        assert client.socket.recv(100) == b"AMQP\x00\x00\x09\x01"
        assert client.read_to_end() == []


def test_a_wrong_password_is_refused(broker_url: str) -> None:
    with RawClient(broker_url) as client:
        client.greet()
        client.log_in(password="wrong")
        assert client.expect(commands.Connection.Close).reply_code == 403
    with pytest.raises(amqp.AccessRefused):
        connect(broker_url, password="wrong")


@pytest.mark.parametrize("method", ["PLAIN", "AMQPLAIN"])
def test_login_methods(broker_url: str, method: str) -> None:
    connection = connect(broker_url, login_method=method)
    assert connection.connected
    connection.close()


def test_an_unknown_vhost_is_refused(broker_url: str) -> None:
    with pytest.raises(amqp.exceptions.NotAllowed, match="vhost nope not found"):
        connect(broker_url, virtual_host="nope")


@pytest.mark.parametrize(("channel_max", "frame_max"), [(2047, 0), (2047, 131_073), (0, 131_072), (2047, 4095)])
def test_tuning_beyond_the_brokers_limits_is_refused(broker_url: str, channel_max: int, frame_max: int) -> None:
    with RawClient(broker_url) as client:
        client.greet()
        client.log_in()
        client.expect(commands.Connection.Tune)
        client.send(commands.Connection.TuneOk(channel_max, frame_max, 0), channel=0)
        # RabbitMQ may reset the connection before its connection.close is read.
        assert _close_code(client) in (530, 0)


@pytest.mark.parametrize(
    "damage",
    [
        struct.pack(">BHI", 1, 1, 200_000),
        struct.pack(">BHI", 1, 1, 4) + b"\x00\x3c\x00\x14" + b"\x00",
        struct.pack(">BHI", 7, 1, 0) + b"\xce",
    ],
    ids=["larger than frame_max", "wrong end octet", "unknown frame type"],
)
def test_a_damaged_frame_ends_the_connection_and_not_the_broker(broker_url: str, damage: bytes) -> None:
    with RawClient(broker_url).open() as client:
        client.socket.sendall(damage)
        assert _close_code(client) in (501, 0)
    assert _alive(broker_url)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\x00\x3c\xff\xff", 0),
        (b"\x00\x3c", 0),
        (b"\x00\x32\x00\x0a\x00\x00\xff", 0),
        (b"\x00\x32\x00\x0a\x00\x00\x01q\x00\xff\xff\xff\xff", 0),
    ],
    ids=["unknown method", "half a method number", "short string too long", "table too long"],
)
def test_a_malformed_method_ends_the_connection_and_not_the_broker(broker_url: str, payload: bytes, code: int) -> None:
    with RawClient(broker_url).open() as client:
        client.socket.sendall(struct.pack(">BHI", 1, 1, len(payload)) + payload + b"\xce")
        # RabbitMQ answers these with an internal error or with nothing; what counts is that the connection ends.
        assert _close_code(client) in (501, 502, 503, 541, code)
    assert _alive(broker_url)


def test_a_method_on_a_channel_that_is_not_open(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Basic.Qos(), channel=7)
        assert _close_code(client) == 504


def test_opening_a_channel_twice(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Channel.Open())
        assert _close_code(client) == 504


def test_content_without_a_method(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.socket.sendall(frame.marshal(header.ContentHeader(0, 1, commands.Basic.Properties()), 1))
        assert _close_code(client) == 505


def test_a_method_in_the_middle_of_content(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Basic.Publish(routing_key="q"))
        client.send(commands.Basic.Qos())
        assert _close_code(client) == 505


def test_a_channel_works_again_after_its_error(channel: Any) -> None:
    with pytest.raises(amqp.NotFound):
        channel.queue_declare("nope", passive=True)
    assert channel.queue_declare("yes", auto_delete=False).queue == "yes"


def test_channels_are_independent(connections: Callable[[], Any]) -> None:
    connection = connections()
    first, second = connection.channel(), connection.channel()
    with pytest.raises(amqp.NotFound):
        first.queue_declare("nope", passive=True)
    second.queue_declare("q", auto_delete=False)
    first.basic_publish(amqp.Message("m"), routing_key="q")
    assert first.queue_declare("q", passive=True).queue == "q"


def test_channel_close_and_reopen(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        for _ in range(3):
            client.send(commands.Channel.Close(200, "", 0, 0))
            client.expect(commands.Channel.CloseOk)
            client.open_channel(1)


def test_connection_close_is_answered(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Connection.Close(200, "bye", 0, 0), channel=0)
        client.expect(commands.Connection.CloseOk)


def test_flow_and_prefetch_size(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Channel.Flow(True))
        assert client.expect(commands.Channel.FlowOk).active
        client.send(commands.Basic.Qos(prefetch_size=1))
        assert _close_code(client) == 540


def test_the_broker_sends_heartbeats(broker_url: str) -> None:
    with RawClient(broker_url).open(heartbeat=1) as client:
        assert client.read().name == "Heartbeat"


def test_a_silent_client_is_disconnected(broker_url: str) -> None:
    with RawClient(broker_url).open(heartbeat=1) as client:
        assert all(value.name == "Heartbeat" for value in client.read_to_end())


def test_a_client_that_only_sends_heartbeats_stays(connections: Callable[..., Any]) -> None:
    connection = connections(heartbeat=1)
    seen = []

    def beat() -> bool:
        connection.heartbeat_tick()
        seen.append(connection.bytes_recv)
        return len(seen) > 12

    drain(connection, beat, "twelve rounds")
    assert connection.channel().queue_declare("q", auto_delete=False).queue == "q"


def test_frames_may_arrive_in_pieces(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        data = frame.marshal(commands.Queue.Declare(queue="q"), 1)
        for position in range(len(data)):
            client.socket.sendall(data[position : position + 1])
        assert client.expect(commands.Queue.DeclareOk).queue == "q"


def test_many_methods_may_arrive_at_once(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.socket.sendall(b"".join(frame.marshal(commands.Queue.Declare(queue=f"q{n}"), 1) for n in range(50)))
        assert [client.expect(commands.Queue.DeclareOk).queue for _ in range(50)] == [f"q{n}" for n in range(50)]


def test_no_wait_gets_no_answer(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Queue.Declare(queue="q", nowait=True))
        client.send(commands.Queue.Bind(queue="q", exchange="amq.direct", routing_key="k", nowait=True))
        client.send(commands.Basic.Consume(queue="q", consumer_tag="t", nowait=True))
        client.send(commands.Queue.Declare(queue="q", passive=True))
        assert client.expect(commands.Queue.DeclareOk).consumer_count == 1
