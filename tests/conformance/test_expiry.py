from typing import Any

import amqp

from amqp_client import Inbox, drain, wait_until


def _publish(channel: Any, queue: str, *bodies: str, **properties: Any) -> None:
    for body in bodies:
        channel.basic_publish(amqp.Message(body, **properties), routing_key=queue)


def _count(channel: Any, queue: str) -> int:
    count: int = channel.queue_declare(queue, passive=True).message_count
    return count


def test_messages_expire_after_the_queues_time_to_live(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False, arguments={"x-message-ttl": 100})
    _publish(channel, "q", "1", "2")
    wait_until(lambda: _count(channel, "q") == 0, "both are gone")


def test_a_message_may_expire_sooner_than_its_queue_says_but_not_later(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False, arguments={"x-message-ttl": 200})
    channel.queue_declare("slow", auto_delete=False, arguments={"x-message-ttl": 600_000})
    _publish(channel, "q", "1", expiration="600000")
    _publish(channel, "slow", "2", expiration="50")
    wait_until(lambda: _count(channel, "q") + _count(channel, "slow") == 0, "both are gone")


def test_a_message_waits_behind_one_that_lives_longer(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    channel.queue_declare("clock", auto_delete=False)
    _publish(channel, "q", "long", expiration="600000")
    _publish(channel, "q", "short", expiration="1")
    _publish(channel, "clock", "tick", expiration="150")
    wait_until(lambda: _count(channel, "clock") == 0, "the clock ran out")
    assert _count(channel, "q") == 2
    assert channel.basic_get("q", no_ack=True).body == "long"
    wait_until(lambda: _count(channel, "q") == 0, "the other expired")


def test_no_time_to_live_reaches_only_a_waiting_consumer(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    _publish(channel, "q", "nobody", expiration="0")
    assert _count(channel, "q") == 0
    inbox = Inbox(channel, "q", no_ack=True)
    _publish(channel, "q", "somebody", expiration="0")
    assert inbox.wait(1) == ["somebody"]


def test_a_message_that_a_consumer_holds_expires_only_when_it_comes_back(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    channel.queue_declare("clock", auto_delete=False)
    _publish(channel, "q", "held", expiration="100")
    held = channel.basic_get("q")
    _publish(channel, "clock", "tick", expiration="250")
    wait_until(lambda: _count(channel, "clock") == 0, "the clock ran out")
    channel.basic_reject(held.delivery_tag, requeue=True)
    wait_until(lambda: _count(channel, "q") == 0, "it expired")


def test_a_delay_queue_sends_back_by_the_same_key(channel: Any) -> None:
    channel.exchange_declare("back", "direct", auto_delete=False)
    channel.exchange_declare("delay", "fanout", auto_delete=False)
    arguments = {"x-message-ttl": 80, "x-dead-letter-exchange": "back"}
    channel.queue_declare("delay-80", durable=True, auto_delete=False, arguments=arguments)
    channel.queue_bind("delay-80", "delay", "")
    for work in ("work.a", "work.b"):
        channel.queue_declare(work, auto_delete=False)
        channel.queue_bind(work, "back", work)
    inboxes = {work: Inbox(channel, work, no_ack=True) for work in ("work.a", "work.b")}
    for work in inboxes:
        channel.basic_publish(amqp.Message(work), exchange="delay", routing_key=work)
    drain(channel.connection, lambda: all(inbox.messages for inbox in inboxes.values()), "both came back")
    for work, inbox in inboxes.items():
        info = inbox.messages[0].delivery_info
        assert (inbox.bodies, info["exchange"], info["routing_key"]) == ([work], "back", work)


def test_a_shorter_expiration_shortens_the_delay(channel: Any) -> None:
    channel.queue_declare("work", auto_delete=False)
    arguments = {
        "x-message-ttl": 600_000,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "work",
    }
    channel.queue_declare("delay", auto_delete=False, arguments=arguments)
    _publish(channel, "delay", "m", expiration="60")
    inbox = Inbox(channel, "work", no_ack=True)
    inbox.wait(1)
    assert "expiration" not in inbox.messages[0].properties
    assert inbox.messages[0].headers["x-death"][0]["original-expiration"] == "60"


def test_very_long_lives_are_fine(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    _publish(channel, "q", "m", expiration="99999999999")
    assert channel.basic_get("q").body == "m"


def test_a_queues_time_to_live_may_be_very_long(channel: Any) -> None:
    channel.queue_declare("more", auto_delete=False, arguments={"x-message-ttl": 2**33})
