from collections.abc import Callable

import pytest

from link_probe import WAIT, Inbox, Outcomes, message, wait_until
from svcrt.amqp import AmqpLink
from svcrt.concurrency import Backend
from svcrt.errors import BrokerRefused, BrokerUnavailable, ConfigError, InvalidValue, Refused, Unroutable
from svcrt.types import Binding, Exchange, Message, Queue, QueueState, Topology
from svcrt.wire import MAX_BODY_BYTES, is_reply_queue

MakeLink = Callable[..., AmqpLink]
EXCHANGE = Topology(exchanges=(Exchange(name="x", type="direct"),))
QUEUE = Queue(name="q", bindings=(Binding("x", "key"),))


def test_a_message_arrives_as_it_was_sent(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency)
    link.declare(EXCHANGE)
    link.consume(QUEUE, inbox, prefetch=10)
    sent = Message(
        body='{"name":"Zoë"}'.encode(),
        content_encoding="utf-8",
        type="place",
        message_id="m-1",
        correlation_id="c-1",
        reply_to="amq.gen-abc",
        app_id="orders@host",
        expiration=60_000,
        timestamp=1_700_000_000,
        persistent=True,
        headers={"svc": "v=1;id=a", "größe": "ü" * 300},
    )
    link.publish(sent, exchange="x", routing_key="key", mandatory=True, timeout=WAIT)
    link.publish(Message(body=b"", content_type=None), exchange="", routing_key="q", timeout=WAIT)
    first, second = inbox.wait(2)
    assert (first.exchange, first.routing_key, first.redelivered) == ("x", "key", False)
    received = first.message
    # A post may wait a little before it leaves, which its expiration pays for.
    assert received.expiration is not None
    assert 50_000 < received.expiration <= 60_000
    assert received == Message(
        **{**{name: getattr(sent, name) for name in Message.__slots__}, "expiration": received.expiration}
    )
    assert (second.exchange, second.routing_key) == ("", "q")
    assert second.message == Message(body=b"", content_type=None)


def test_a_body_of_many_frames_arrives_whole(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=1)
    body = bytes(range(256)) * 2500
    link.publish(Message(body=body), exchange="", routing_key="q", timeout=WAIT)
    link.publish(message("after"), exchange="", routing_key="q", timeout=WAIT)
    big, after = inbox.wait(2)
    assert big.message.body == body
    assert after.message.body == b"after"


def test_many_posts_are_confirmed_once_each_and_arrive_in_order(
    concurrency: Backend, make_link: MakeLink, broker_url: str
) -> None:
    link, inbox, outcomes = make_link(broker_url), Inbox(concurrency), Outcomes(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=100)
    for number in range(2000):
        link.post(message(str(number)), exchange="", routing_key="q", on_done=outcomes.note(number))
    assert outcomes.wait(2000) == dict.fromkeys(range(2000))
    inbox.wait(2000)
    assert inbox.bodies == [str(number) for number in range(2000)]


def test_posts_without_a_callback_arrive_too(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=0, no_ack=True)
    for number in range(500):
        link.post(message(str(number)), exchange="", routing_key="q")
    inbox.wait(500)
    assert inbox.bodies == [str(number) for number in range(500)]


def test_unroutable_is_told_to_those_who_asked_only(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, outcomes = make_link(broker_url), Outcomes(concurrency)
    link.declare(Topology(queues=(Queue(name="q"),)))
    for number in range(60):
        link.post(
            message(message_id=f"m{number % 7}"),
            exchange="",
            routing_key="nowhere" if number % 3 else "q",
            mandatory=number % 2 == 0,
            on_done=outcomes.note(number),
        )
    ended = outcomes.wait(60)
    unroutable = {number for number in range(60) if isinstance(ended[number], Unroutable)}
    assert unroutable == {number for number in range(60) if number % 3 and number % 2 == 0}
    assert all(error is None for number, error in ended.items() if number not in unroutable)
    with pytest.raises(Unroutable, match="no queue takes `nowhere`"):
        link.publish(message(), exchange="", routing_key="nowhere", mandatory=True, timeout=WAIT)


def test_a_full_queue_refuses(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, outcomes = make_link(broker_url), Outcomes(concurrency)
    full = Queue(name="full", arguments={"x-max-length": 2, "x-overflow": "reject-publish"})
    link.declare(Topology(queues=(full,)))
    for number in range(5):
        link.post(message(), exchange="", routing_key="full", on_done=outcomes.note(number))
        wait_until(concurrency, lambda number=number: len(outcomes.calls) > number)  # type: ignore[misc] # a bound default
    assert [type(error) for _, error in outcomes.calls] == [type(None)] * 2 + [Refused] * 3
    assert link.inspect("full", timeout=WAIT) == QueueState(messages=2, consumers=0)


def test_a_missing_exchange_fails_its_own_posts_only(
    concurrency: Backend, make_link: MakeLink, broker_url: str
) -> None:
    link, outcomes, inbox = make_link(broker_url), Outcomes(concurrency), Inbox(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=0)
    for number in range(300):
        exchange = "missing" if number % 3 == 0 else ""
        link.post(message(), exchange=exchange, routing_key="q", on_done=outcomes.note(number))
        link.post(message("unconfirmed"), exchange=exchange, routing_key="q")
    ended = outcomes.wait(300)
    assert {number for number, error in ended.items() if error is None} == {n for n in range(300) if n % 3}
    assert all(isinstance(ended[number], Unroutable) for number in range(0, 300, 3))
    inbox.wait(400)
    assert inbox.bodies.count("unconfirmed") == 200
    link.declare(Topology(exchanges=(Exchange(name="missing", type="fanout"),)))
    link.publish(message(), exchange="missing", routing_key="q", timeout=WAIT)
    assert link.ready


def test_what_cannot_be_sent_is_refused_at_once(make_link: MakeLink, broker_url: str) -> None:
    link = make_link(broker_url)
    for bad, place in (
        (Message(body=b"", headers={"a": "x" * 17_000}), "headers"),
        (Message(body=bytes(MAX_BODY_BYTES + 1)), "body"),
        (Message(body=b"", type="t" * 256), "type"),
        (Message(body=b"", correlation_id="é" * 128), "correlation_id"),
    ):
        with pytest.raises(InvalidValue, match=place):
            link.post(bad, exchange="", routing_key="q")
    with pytest.raises(InvalidValue, match="routing_key"):
        link.publish(message(), exchange="", routing_key="k" * 256, timeout=WAIT)
    link.publish(message(), exchange="", routing_key="q", timeout=WAIT)


def test_prefetch_bounds_what_is_delivered_unacked(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency, ack=False)
    link.consume(Queue(name="q"), inbox, prefetch=3)
    for number in range(5):
        link.publish(message(str(number)), exchange="", routing_key="q", timeout=WAIT)
    first = list(inbox.wait(3))
    wait_until(concurrency, lambda: link.inspect("q", timeout=WAIT) == QueueState(messages=2, consumers=1))
    first[1].ack()
    assert inbox.wait(4)[3].message.body == b"3"
    first[0].reject(requeue=False)
    assert inbox.wait(5)[4].message.body == b"4"
    first[2].reject(requeue=True)
    again = inbox.wait(6)[5]
    assert (again.message.body, again.redelivered) == (b"2", True)


def test_a_second_ack_harms_nobody(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=1)
    link.publish(message("a"), exchange="", routing_key="q", timeout=WAIT)
    delivery = inbox.wait(1)[0]
    delivery.ack()
    delivery.reject(requeue=True)
    link.publish(message("b"), exchange="", routing_key="q", timeout=WAIT)
    inbox.wait(2)
    assert inbox.bodies == ["a", "b"]


def test_after_cancel_nothing_comes_and_acks_still_count(
    concurrency: Backend, make_link: MakeLink, broker_url: str
) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency, ack=False)
    consumer = link.consume(Queue(name="q"), inbox, prefetch=0)
    assert consumer.queue == "q"
    for number in range(50):
        link.post(message(str(number)), exchange="", routing_key="q")
    inbox.wait(20)
    consumer.cancel()
    held = list(inbox.deliveries)
    consumer.cancel()

    def ready() -> int:
        found = link.inspect("q", timeout=WAIT)
        return 0 if found is None else found.messages

    # What is confirmed has a channel of its own, and the broker keeps no order between channels.
    wait_until(concurrency, lambda: ready() == 50 - len(held), "all earlier messages are in the queue")
    link.publish(message("late"), exchange="", routing_key="q", timeout=WAIT)
    state = link.inspect("q", timeout=WAIT)
    assert state is not None
    assert state.consumers == 0
    assert len(inbox.deliveries) == len(held)
    for delivery in held:
        delivery.ack()
    second = Inbox(concurrency)
    link.consume(Queue(name="q"), second, prefetch=0)
    second.wait(51 - len(held))
    assert not any(delivery.redelivered for delivery in second.deliveries)
    assert second.bodies[-1] == "late"


def test_a_server_named_queue_is_exclusive_and_named(
    concurrency: Backend, make_link: MakeLink, broker_url: str
) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency)
    consumer = link.consume(Queue(name="", durable=False, exclusive=True), inbox, prefetch=0, no_ack=True)
    assert consumer.queue is not None
    assert is_reply_queue(consumer.queue)
    link.publish(message("hello"), exchange="", routing_key=consumer.queue, mandatory=True, timeout=WAIT)
    assert inbox.wait(1)[0].message.body == b"hello"


def test_inspect_tells_counts_or_that_there_is_none(make_link: MakeLink, broker_url: str) -> None:
    link = make_link(broker_url)
    for _ in range(3):
        assert link.inspect("q", timeout=WAIT) is None
    link.declare(Topology(queues=(Queue(name="q"),)))
    link.publish(message(), exchange="", routing_key="q", timeout=WAIT)
    assert link.inspect("q", timeout=WAIT) == QueueState(messages=1, consumers=0)


def test_other_arguments_are_refused_with_the_remedy(
    concurrency: Backend, make_link: MakeLink, broker_url: str
) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency)
    link.declare(Topology(queues=(Queue(name="q", arguments={"x-max-length": 5}),)))
    with pytest.raises(BrokerRefused, match=r"queue `q`: .*delete it, or give it another name"):
        link.declare(Topology(queues=(Queue(name="q"),)))
    with pytest.raises(BrokerRefused, match="queue `q`"):
        link.consume(Queue(name="q"), inbox, prefetch=1)
    assert link.ready
    link.publish(message(), exchange="", routing_key="q", mandatory=True, timeout=WAIT)


def test_a_failing_callback_does_not_stop_the_link(
    concurrency: Backend, make_link: MakeLink, broker_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    link, inbox = make_link(broker_url), Inbox(concurrency)

    def fail(*_: object) -> None:
        raise LookupError("callback failed")

    link.consume(Queue(name="bad"), fail, prefetch=1, on_ready=fail)
    link.consume(Queue(name="q"), inbox, prefetch=1)
    link.post(message(), exchange="", routing_key="bad", on_done=fail)
    link.publish(message("fine"), exchange="", routing_key="q", timeout=WAIT)
    inbox.wait(1)
    wait_until(concurrency, lambda: caplog.text.count("LookupError: callback failed") == 3)


def test_callbacks_may_post(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, outcomes, inbox = make_link(broker_url), Outcomes(concurrency), Inbox(concurrency)
    link.consume(Queue(name="out"), inbox, prefetch=0)
    note = outcomes.note("copy")
    link.consume(
        Queue(name="in"),
        lambda delivery: link.post(delivery.message, exchange="", routing_key="out", on_done=note),
        prefetch=0,
    )
    link.publish(message("x"), exchange="", routing_key="in", timeout=WAIT)
    inbox.wait(1)
    outcomes.wait(1)


def test_one_connection_can_serve_both_ways(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, inbox = make_link(broker_url, single=True), Inbox(concurrency)
    consumer = link.consume(Queue(name="", durable=False, exclusive=True), inbox, prefetch=0, no_ack=True)
    assert consumer.queue is not None
    link.publish(message("x"), exchange="", routing_key=consumer.queue, timeout=WAIT)
    inbox.wait(1)
    assert link.inspect("none", timeout=WAIT) is None
    assert link.ready
    assert link.missing == ()
    consumer.cancel()


def test_stop_sends_what_waits_and_ends_every_post(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link, outcomes = make_link(broker_url, stop_timeout=10.0), Outcomes(concurrency)
    link.declare(Topology(queues=(Queue(name="q"),)))
    for number in range(1500):
        link.post(message(), exchange="", routing_key="q", on_done=outcomes.note(number))
    link.stop()
    assert outcomes.wait(1500) == dict.fromkeys(range(1500))
    assert not link.ready
    link.stop()
    link.post(message(), exchange="", routing_key="q", on_done=outcomes.note("late"))
    assert isinstance(outcomes.wait(1501)["late"], BrokerUnavailable)
    with pytest.raises(BrokerUnavailable):
        link.inspect("q", timeout=WAIT)
    with pytest.raises(BrokerUnavailable):
        link.publish(message(), exchange="", routing_key="q", timeout=WAIT)
    other = make_link(broker_url)
    assert other.inspect("q", timeout=WAIT) == QueueState(messages=1500, consumers=0)


def test_a_link_that_was_never_started_stops_and_answers(make_link: MakeLink, concurrency: Backend) -> None:
    link, outcomes = make_link("amqp://127.0.0.1:1", start=False), Outcomes(concurrency)
    link.post(message(), exchange="", routing_key="q", on_done=outcomes.note("early"))
    assert not link.ready
    assert link.missing == ("no connection to the broker: not connected to the broker yet",)
    link.stop()
    assert isinstance(outcomes.wait(1)["early"], BrokerUnavailable)


def test_a_wrong_password_is_refused_without_showing_it(
    make_link: MakeLink, broker_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    password = broker_url.split(":")[2].split("@")[0]
    link = make_link(broker_url.replace(f":{password}@", ":tell-nobody@"), start=False)
    with pytest.raises(BrokerRefused, match="refuses user") as caught:
        link.start(wait=WAIT)
    assert "tell-nobody" not in str(caught.value) + caplog.text


def test_a_missing_vhost_is_refused(make_link: MakeLink, broker_url: str) -> None:
    link = make_link(broker_url.rsplit("/", 1)[0] + "/nowhere", start=False)
    with pytest.raises(BrokerRefused, match="nowhere"):
        link.start(wait=WAIT)


def test_a_dead_server_is_passed_over(make_link: MakeLink, broker_url: str) -> None:
    link = make_link(["amqp://127.0.0.1:1", broker_url])
    assert link.ready
    assert make_link(f"amqp://127.0.0.1:1;{broker_url}").ready


def test_no_broker_is_told_after_the_wait(make_link: MakeLink) -> None:
    link = make_link("amqp://user:tell-nobody@127.0.0.1:1/v", start=False)
    with pytest.raises(BrokerUnavailable, match=r"cannot connect to amqp://127\.0\.0\.1:1/v") as caught:
        link.start(wait=0.2)
    assert "tell-nobody" not in str(caught.value)


def test_a_url_that_says_nothing_is_refused(concurrency: Backend) -> None:
    with pytest.raises(ConfigError):
        AmqpLink("http://host", concurrency, name="test")


def test_a_host_name_that_is_none_does_not_end_the_attempts(make_link: MakeLink, broker_url: str) -> None:
    # Labels longer than 63 characters make the resolver raise UnicodeError, which is no OSError.
    assert make_link([f"amqp://{'x' * 70}.invalid", broker_url]).ready
