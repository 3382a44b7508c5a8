import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from kombu.connection import Connection

from link_probe import WAIT, Inbox, Outcomes, message, wait_until
from rabbitmq_node import RabbitMQNode, find_free_port
from svcrt.amqp import AmqpLink
from svcrt.concurrency import Backend
from svcrt.errors import BrokerUnavailable, Unconfirmed
from svcrt.types import Binding, Exchange, Queue, Topology

MakeLink = Callable[..., AmqpLink]
TOPOLOGY = Topology(exchanges=(Exchange(name="x", type="direct"),))
QUEUE = Queue(name="q", bindings=(Binding("x", "key"),))


@contextmanager
def beside(action: Callable[[], object]) -> Iterator[threading.Thread]:
    """Run `action` in a native thread, so that the test's own links go on."""
    thread = threading.Thread(target=action)
    thread.start()
    try:
        yield thread
    finally:
        thread.join()


def run_beside(concurrency: Backend, action: Callable[[], object]) -> None:
    with beside(action) as thread:
        wait_until(concurrency, lambda: not thread.is_alive())


def states(caplog: pytest.LogCaptureFixture, role: str) -> list[str]:
    """What the log says of a connection's state, shortened."""
    lines = [record.getMessage() for record in caplog.records if record.name == "svcrt.amqp"]
    words = [line.removeprefix(f"{role}: ") for line in lines if line.startswith(f"{role}: ")]
    return ["up" if line.startswith("connected") else "down" for line in words]


@pytest.mark.rabbitmq
def test_a_broker_that_is_killed_and_restarted_under_load(
    concurrency: Backend, make_link: MakeLink, fault_node: RabbitMQNode, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "svcrt.amqp")
    link, inbox, outcomes = (
        make_link(fault_node.fresh_vhost(), post_timeout=WAIT),
        Inbox(concurrency),
        Outcomes(concurrency),
    )
    changes: list[str] = []
    link.declare(TOPOLOGY)
    link.consume(
        QUEUE, inbox, prefetch=50, on_lost=lambda: changes.append("lost"), on_ready=lambda: changes.append("ready")
    )
    replies = link.consume(Queue(name="", durable=False, exclusive=True), inbox, prefetch=0, no_ack=True)
    first_name = replies.queue
    posted = 0

    def post(count: int) -> None:
        nonlocal posted
        for _ in range(count):
            link.post(
                message(str(posted), persistent=True), exchange="x", routing_key="key", on_done=outcomes.note(posted)
            )
            posted += 1

    post(2000)
    outcomes.wait(500)
    fault_node.kill()
    post(500)
    wait_until(concurrency, lambda: not link.ready)
    post(500)
    wait_until(concurrency, lambda: replies.queue is None)
    run_beside(concurrency, fault_node.start)
    post(500)
    ended = outcomes.wait(posted)
    assert not [error for error in ended.values() if error is not None and not isinstance(error, Unconfirmed)]
    confirmed = {str(key) for key, error in ended.items() if error is None}
    assert {str(number) for number in range(2500, 3500)} <= confirmed, "what waited for the broker was sent"
    wait_until(concurrency, lambda: confirmed <= set(inbox.bodies), "every confirmed message was delivered")
    wait_until(concurrency, lambda: link.ready)
    assert changes == ["ready", "lost", "ready"]
    assert replies.queue not in (None, first_name)
    link.publish(message("answer"), exchange="", routing_key=str(replies.queue), mandatory=True, timeout=WAIT)
    wait_until(concurrency, lambda: "answer" in inbox.bodies)
    assert states(caplog, "publisher") == ["up", "down", "up"]
    assert states(caplog, "consumer") == ["up", "down", "up"]
    assert fault_node.password not in caplog.text


@pytest.mark.rabbitmq
def test_closed_connections_come_back_and_old_acks_do_no_harm(
    concurrency: Backend, make_link: MakeLink, fault_node: RabbitMQNode
) -> None:
    link, inbox = make_link(fault_node.fresh_vhost()), Inbox(concurrency, ack=False)
    lost: list[int] = []
    link.consume(Queue(name="q"), inbox, prefetch=10, on_lost=lambda: lost.append(1))
    for number in range(3):
        link.publish(message(str(number)), exchange="", routing_key="q", timeout=WAIT)
    old = list(inbox.wait(3))
    run_beside(concurrency, lambda: fault_node.rabbitmqctl("close_all_connections", "--global", "test"))
    wait_until(concurrency, lambda: lost)
    wait_until(concurrency, lambda: link.ready)
    for delivery in old:
        delivery.ack()
    again = inbox.wait(6)[3:]
    assert [delivery.redelivered for delivery in again] == [True] * 3
    for delivery in again:
        delivery.ack()
    wait_until(concurrency, lambda: link.inspect("q", timeout=WAIT))
    link.publish(message("3"), exchange="", routing_key="q", timeout=WAIT)
    inbox.wait(7)
    assert sorted(inbox.bodies) == ["0", "0", "1", "1", "2", "2", "3"]
    assert lost == [1]


@pytest.mark.rabbitmq
def test_a_frozen_broker_is_given_up_after_two_heartbeats(
    concurrency: Backend, make_link: MakeLink, fault_node: RabbitMQNode
) -> None:
    link, outcomes = (
        make_link(fault_node.fresh_vhost(), heartbeat=1, connect_timeout=0.5, post_timeout=WAIT),
        Outcomes(concurrency),
    )
    link.declare(Topology(queues=(Queue(name="q"),)))
    consumer = link.consume(Queue(name="q"), Inbox(concurrency), prefetch=1)
    with fault_node.frozen():
        link.post(message("in flight"), exchange="", routing_key="q", on_done=outcomes.note("in flight"))
        assert isinstance(outcomes.wait(1)["in flight"], Unconfirmed)
        wait_until(concurrency, lambda: not link.ready)
        # Neither does anything that needs the broker hang.
        consumer.cancel()
        with pytest.raises(BrokerUnavailable):
            link.inspect("q", timeout=0.2)
        with pytest.raises(BrokerUnavailable):
            link.publish(message(), exchange="", routing_key="q", timeout=0.3)
        link.post(message("waits"), exchange="", routing_key="q", on_done=outcomes.note("waits"))
    assert outcomes.wait(2)["waits"] is None
    wait_until(concurrency, lambda: link.ready)


@pytest.mark.rabbitmq
def test_a_busy_link_outlives_many_heartbeats(
    concurrency: Backend, make_link: MakeLink, fault_node: RabbitMQNode
) -> None:
    link, inbox, outcomes = make_link(fault_node.fresh_vhost(), heartbeat=1), Inbox(concurrency), Outcomes(concurrency)
    lost: list[int] = []
    link.consume(Queue(name="q"), inbox, prefetch=0, no_ack=True, on_lost=lambda: lost.append(1))
    idle = make_link(fault_node.fresh_vhost(), heartbeat=1)
    idle.consume(Queue(name="idle"), inbox, prefetch=0, on_lost=lambda: lost.append(2))
    for number in range(35):
        link.post(message(), exchange="", routing_key="q", on_done=outcomes.note(number))
        concurrency.sleep(0.1)
    assert outcomes.wait(35) == dict.fromkeys(range(35))
    inbox.wait(35)
    assert lost == []
    assert idle.ready


@pytest.mark.rabbitmq
def test_a_broker_that_comes_up_later(concurrency: Backend, make_link: MakeLink, fault_node: RabbitMQNode) -> None:
    fault_node.kill()
    link, inbox, outcomes = (
        make_link(fault_node.fresh_vhost(), start=False, post_timeout=WAIT),
        Inbox(concurrency),
        Outcomes(concurrency),
    )
    link.start()
    link.declare(TOPOLOGY)
    link.consume(QUEUE, inbox, prefetch=1)
    link.post(message("early"), exchange="x", routing_key="key", mandatory=True, on_done=outcomes.note("early"))
    assert not link.ready
    with pytest.raises(BrokerUnavailable):
        link.publish(message(), exchange="x", routing_key="key", timeout=0.2)
    run_beside(concurrency, fault_node.start)
    wait_until(concurrency, lambda: link.ready)
    ended = outcomes.wait(1)["early"]
    # The publisher may be up before the consumer has declared its queue; it never claims that a queue took it, then.
    assert ended is None or "no queue" in str(ended)
    link.publish(message("later"), exchange="x", routing_key="key", mandatory=True, timeout=WAIT)
    wait_until(concurrency, lambda: "later" in inbox.bodies)


@pytest.mark.rabbitmq
def test_a_memory_alarm_holds_posts_and_expires_them(
    concurrency: Backend, make_link: MakeLink, fault_node: RabbitMQNode
) -> None:
    link, inbox, outcomes = (
        make_link(fault_node.fresh_vhost(), post_timeout=WAIT),
        Inbox(concurrency),
        Outcomes(concurrency),
    )
    link.consume(Queue(name="q"), inbox, prefetch=0)
    run_beside(concurrency, lambda: fault_node.rabbitmqctl("set_vm_memory_high_watermark", "0.000001"))
    # The broker tells a connection of the alarm when it publishes.
    link.post(message("first"), exchange="", routing_key="q", on_done=outcomes.note("first"))
    wait_until(concurrency, lambda: not link.ready)
    assert link.missing == ("the broker takes nothing at present (memory or disk alarm)",)
    link.post(message("short"), exchange="", routing_key="q", on_done=outcomes.note("short"))
    short = message("expires", expiration=200)
    link.post(short, exchange="", routing_key="q", on_done=outcomes.note("expires"))
    expired = outcomes.wait(1)["expires"]
    assert isinstance(expired, BrokerUnavailable)
    assert "alarm" in str(expired)
    with pytest.raises(BrokerUnavailable, match="alarm"):
        link.publish(message("never"), exchange="", routing_key="q", timeout=0.2)
    run_beside(concurrency, lambda: fault_node.rabbitmqctl("set_vm_memory_high_watermark", "0.8"))
    ended = outcomes.wait(3)
    assert (ended["first"], ended["short"]) == (None, None)
    wait_until(concurrency, lambda: link.ready)
    inbox.wait(2)
    assert inbox.bodies == ["first", "short"]


def test_a_deleted_queue_is_declared_again(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency, ack=False)
    changes: list[str] = []
    link.declare(TOPOLOGY)
    consumer = link.consume(
        QUEUE, inbox, prefetch=5, on_lost=lambda: changes.append("lost"), on_ready=lambda: changes.append("ready")
    )
    link.publish(message("before"), exchange="x", routing_key="key", timeout=WAIT)
    before = inbox.wait(1)[0]
    delete_queue(concurrency, broker_url, "q")
    wait_until(concurrency, lambda: changes == ["ready", "lost", "ready"])
    before.ack()
    link.publish(message("after"), exchange="x", routing_key="key", mandatory=True, timeout=WAIT)
    after = inbox.wait(2)[1]
    after.ack()
    assert inbox.bodies == ["before", "after"]
    assert changes == ["ready", "lost", "ready"]
    consumer.cancel()


def test_a_closed_channel_takes_its_own_consumer_only(
    concurrency: Backend, make_link: MakeLink, broker_url: str
) -> None:
    link, inbox, other = make_link(broker_url), Inbox(concurrency, ack=False), Inbox(concurrency)
    lost: list[str] = []
    link.consume(Queue(name="q"), inbox, prefetch=5, on_lost=lambda: lost.append("q"))
    link.consume(Queue(name="other"), other, prefetch=5, on_lost=lambda: lost.append("other"))
    link.publish(message("x"), exchange="", routing_key="q", timeout=WAIT)
    delivery = inbox.wait(1)[0]
    # An ack of a tag that was never given is what makes a broker close a channel.
    delivery._tag = 99  # type: ignore[attr-defined] # a fault that the public surface does not let happen
    delivery.ack()
    again = inbox.wait(2)[1]
    assert (again.message.body, again.redelivered, lost) == (b"x", True, ["q"])
    again.ack()
    link.publish(message("y"), exchange="", routing_key="other", timeout=WAIT)
    other.wait(1)
    assert link.ready


def test_a_binding_to_a_missing_exchange_is_tried_again_once_it_exists(
    concurrency: Backend, make_link: MakeLink, broker_url: str
) -> None:
    link, inbox = make_link(broker_url, start=False), Inbox(concurrency)
    link.consume(QUEUE, inbox, prefetch=1)
    link.start()
    wait_until(concurrency, lambda: link._sender.connected and link._receiver.connected)
    assert not link.ready
    link.declare(TOPOLOGY)
    wait_until(concurrency, lambda: link.ready)
    link.publish(message(), exchange="x", routing_key="key", mandatory=True, timeout=WAIT)
    inbox.wait(1)


def test_cancel_returns_without_a_broker(concurrency: Backend, make_link: MakeLink) -> None:
    link = make_link("amqp://127.0.0.1:1", start=False)
    consumer = link.consume(QUEUE, Inbox(concurrency), prefetch=1)
    link.start()
    assert consumer.queue == "q"
    consumer.cancel()


def test_too_many_waiting_posts_are_refused(
    concurrency: Backend, make_link: MakeLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("svcrt.amqp.publishing.MAX_WAITING", 10)
    link, outcomes = make_link("amqp://127.0.0.1:1", start=False, post_timeout=0.3), Outcomes(concurrency)
    link.start()
    for number in range(15):
        link.post(message(), exchange="", routing_key="q", on_done=outcomes.note(number))
    ended = outcomes.wait(15)
    assert [key for key, _ in outcomes.calls][:5] == [10, 11, 12, 13, 14], "those that were too many ended first"
    assert all(isinstance(error, BrokerUnavailable) for error in ended.values())


@pytest.mark.parametrize("speech", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"AMQP\x00\x00\x09\x01", b"", b"\x01" * 100])
def test_a_listener_that_does_not_speak_amqp(concurrency: Backend, make_link: MakeLink, speech: bytes) -> None:
    port = find_free_port()
    with socket.create_server(("127.0.0.1", port)) as listener:

        def answer() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    client.recv(64)
                    client.sendall(speech)

        with beside(answer):
            link = make_link(f"amqp://127.0.0.1:{port}", start=False, connect_timeout=0.5)
            try:
                with pytest.raises(BrokerUnavailable, match=f"cannot connect to amqp://127.0.0.1:{port}/"):
                    link.start(wait=0.5)
            finally:
                listener.shutdown(socket.SHUT_RDWR)


def delete_queue(concurrency: Backend, url: str, name: str) -> None:
    """Delete a queue as an operator would, on a connection of its own."""

    def delete() -> None:
        with Connection(url) as connection:
            connection.default_channel.queue_delete(name)

    run_beside(concurrency, delete)
