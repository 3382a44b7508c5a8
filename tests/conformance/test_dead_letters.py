from typing import Any

import amqp
import pytest

from amqp_client import Inbox, wait_until


@pytest.fixture
def dead(channel: Any) -> str:
    """A queue behind the dead-letter exchange `dlx`."""
    channel.exchange_declare("dlx", "topic", auto_delete=False)
    channel.queue_declare("dead", auto_delete=False)
    channel.queue_bind("dead", "dlx", "#")
    return "dead"


def _work(channel: Any, **arguments: Any) -> None:
    channel.queue_declare("work", auto_delete=False, arguments={"x-dead-letter-exchange": "dlx", **arguments})


def _publish(channel: Any, body: str, **properties: Any) -> None:
    channel.basic_publish(amqp.Message(body, **properties), routing_key="work")


def test_a_rejected_message_carries_its_history(channel: Any, dead: str) -> None:
    _work(channel)
    headers = {"svc": "a=1", "number": 2**40, "list": [1, {"x": "y"}]}
    _publish(channel, "m", application_headers=headers, message_id="m-1", delivery_mode=2)
    channel.basic_reject(channel.basic_get("work").delivery_tag, requeue=False)
    message = Inbox(channel, dead, no_ack=True)
    message.wait(1)
    received = message.messages[0]
    assert (received.body, received.properties["message_id"], received.properties["delivery_mode"]) == ("m", "m-1", 2)
    assert {name: received.headers[name] for name in headers} == headers
    death = received.headers["x-death"][0]
    assert death.pop("time") is not None
    assert death == {"count": 1, "reason": "rejected", "queue": "work", "exchange": "", "routing-keys": ["work"]}
    first = {name: received.headers[f"x-first-death-{name}"] for name in ("reason", "queue", "exchange")}
    assert first == {"reason": "rejected", "queue": "work", "exchange": ""}
    assert received.delivery_info["exchange"] == "dlx"
    assert received.delivery_info["routing_key"] == "work"


def test_the_dead_letter_key_replaces_the_messages(channel: Any, dead: str) -> None:
    _work(channel, **{"x-dead-letter-routing-key": "other"})
    _publish(channel, "m")
    channel.basic_reject(channel.basic_get("work").delivery_tag, requeue=False)
    inbox = Inbox(channel, dead, no_ack=True)
    inbox.wait(1)
    assert inbox.messages[0].delivery_info["routing_key"] == "other"
    assert inbox.messages[0].headers["x-death"][0]["routing-keys"] == ["work"]


def test_requeued_messages_are_not_dead_lettered(channel: Any, dead: str) -> None:
    _work(channel)
    _publish(channel, "m")
    channel.basic_reject(channel.basic_get("work").delivery_tag, requeue=True)
    assert channel.basic_get("work").body == "m"
    assert channel.basic_get(dead) is None


def test_drop_head_dead_letters_the_oldest(channel: Any, dead: str) -> None:
    _work(channel, **{"x-max-length": 1})
    _publish(channel, "1")
    _publish(channel, "2")
    inbox = Inbox(channel, dead, no_ack=True)
    assert inbox.wait(1) == ["1"]
    assert inbox.messages[0].headers["x-first-death-reason"] == "maxlen"


def test_expired_messages_are_dead_lettered_in_order(channel: Any, dead: str) -> None:
    _work(channel, **{"x-message-ttl": 60})
    for number in range(5):
        _publish(channel, str(number))
    inbox = Inbox(channel, dead, no_ack=True)
    assert inbox.wait(5) == ["0", "1", "2", "3", "4"]
    assert {message.headers["x-first-death-reason"] for message in inbox.messages} == {"expired"}


def test_the_second_death_in_the_same_queue_is_counted(channel: Any, dead: str) -> None:
    _work(channel)
    channel.queue_bind("work", "dlx", "again")
    headers: Any
    for headers in ({}, None):
        if headers is None:
            received = channel.basic_get(dead, no_ack=True)
            headers = received.headers
        _publish(channel, "m", application_headers=headers)
        channel.basic_reject(channel.basic_get("work").delivery_tag, requeue=False)
        wait_until(lambda: channel.queue_declare(dead, passive=True).message_count == 1, "it is dead")
    death = channel.basic_get(dead).headers["x-death"]
    assert [(entry["queue"], entry["reason"], entry["count"]) for entry in death] == [("work", "rejected", 2)]


def test_the_newest_death_comes_first(channel: Any) -> None:
    common = {"x-dead-letter-exchange": "", "x-message-ttl": 30}
    channel.queue_declare("last", auto_delete=False)
    channel.queue_declare("two", auto_delete=False, arguments={**common, "x-dead-letter-routing-key": "last"})
    channel.queue_declare("one", auto_delete=False, arguments={**common, "x-dead-letter-routing-key": "two"})
    channel.basic_publish(amqp.Message("m"), routing_key="one")
    inbox = Inbox(channel, "last", no_ack=True)
    inbox.wait(1)
    headers = inbox.messages[0].headers
    assert [death["queue"] for death in headers["x-death"]] == ["two", "one"]
    assert headers["x-first-death-queue"] == "one"


def test_a_circle_that_nobody_rejects_in_drops_the_message(channel: Any) -> None:
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "q", "x-message-ttl": 30}
    channel.queue_declare("q", auto_delete=False, arguments=arguments)
    channel.basic_publish(amqp.Message("m"), routing_key="q")
    wait_until(lambda: channel.queue_declare("q", passive=True).message_count == 0, "it is dropped")


def test_a_rejection_breaks_the_circle(channel: Any) -> None:
    channel.queue_declare(
        "work", auto_delete=False, arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "delay"}
    )
    channel.queue_declare(
        "delay",
        auto_delete=False,
        arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "work", "x-message-ttl": 20},
    )
    _publish(channel, "m")
    inbox = Inbox(channel, "work")
    for round_number in range(1, 4):
        inbox.wait(round_number)
        channel.basic_reject(inbox.messages[-1].delivery_tag, requeue=False)
    inbox.wait(4)
    deaths = {death["queue"]: death["count"] for death in inbox.messages[-1].headers["x-death"]}
    assert deaths == {"work": 3, "delay": 3}


def test_a_missing_dead_letter_exchange_drops(channel: Any) -> None:
    _work(channel)
    _publish(channel, "1")
    _publish(channel, "2")
    channel.basic_reject(channel.basic_get("work").delivery_tag, requeue=False)
    assert channel.basic_get("work").body == "2"


def test_the_way_back_falls_to_the_alternate_exchange(channel: Any) -> None:
    channel.exchange_declare("parked", "fanout", auto_delete=False)
    channel.exchange_declare("dlx", "direct", auto_delete=False, arguments={"alternate-exchange": "parked"})
    channel.queue_declare("lost", auto_delete=False)
    channel.queue_bind("lost", "parked", "")
    _work(channel)
    _publish(channel, "m")
    channel.basic_reject(channel.basic_get("work").delivery_tag, requeue=False)
    inbox = Inbox(channel, "lost", no_ack=True)
    assert inbox.wait(1) == ["m"]
    assert inbox.messages[0].delivery_info["exchange"] == "dlx"


def test_a_delay_queue_keeps_the_key_and_drops_the_expiration(channel: Any) -> None:
    """A fanout into a queue with a time to live, back through a direct exchange, past it to its alternate."""
    channel.exchange_declare("parked", "direct", auto_delete=False)
    channel.exchange_declare("back", "direct", auto_delete=False, arguments={"alternate-exchange": "parked"})
    channel.exchange_declare("delay", "fanout", auto_delete=False)
    arguments = {"x-message-ttl": 300, "x-dead-letter-exchange": "back"}
    channel.queue_declare("delay", auto_delete=False, arguments=arguments)
    channel.queue_bind("delay", "delay", "")
    for name, exchange in (("work", "back"), ("lost", "parked")):
        channel.queue_declare(name, auto_delete=False)
        channel.queue_bind(name, exchange, "gone" if name == "lost" else name)
    # The second could go at once, but waits for the first: only the head of a queue expires.
    for body, key, expiration in (("1", "work", "150"), ("2", "work", "1"), ("3", "gone", "100"), ("4", "work", None)):
        properties = {"expiration": expiration} if expiration else {}
        message = amqp.Message(body, message_id=body, delivery_mode=2, **properties)
        channel.basic_publish(message, exchange="delay", routing_key=key)
    assert channel.basic_get("work") is None
    work, lost = Inbox(channel, "work", no_ack=True), Inbox(channel, "lost", no_ack=True)
    assert work.wait(3) == ["1", "2", "4"]
    assert lost.wait(1) == ["3"]
    for received in (*work.messages, *lost.messages):
        assert "expiration" not in received.properties
        assert received.properties["message_id"] == received.body
        assert received.delivery_info["exchange"] == "back"
        assert not received.delivery_info["redelivered"]
    assert {received.delivery_info["routing_key"] for received in work.messages} == {"work"}
    assert work.messages[0].headers["x-death"][0]["original-expiration"] == "150"
