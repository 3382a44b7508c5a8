"""Quorum queues as services use them: what they refuse, and what becomes of a message that is never acknowledged."""

from collections.abc import Callable
from typing import Any

import amqp
import pytest

from waiting import wait_until

LIMITED = {
    "x-queue-type": "quorum",
    "x-delivery-limit": 2,
    "x-dead-letter-exchange": "dlx",
    "x-dead-letter-routing-key": "given up",
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


def _declare(channel: Any, arguments: dict[str, Any], **options: Any) -> None:
    channel.queue_declare("work", arguments=arguments, **{"durable": True, "auto_delete": False, **options})


def _get(channel: Any, queue: str = "work") -> Any:
    """The next message of a queue; a quorum queue takes its time."""
    found: list[Any] = []

    def look() -> bool:
        message = channel.basic_get(queue)
        if message is not None:
            found.append(message)
        return bool(found)

    wait_until(look)
    return found[0]


def _publish(channel: Any, body: str) -> None:
    channel.basic_publish(amqp.Message(body, delivery_mode=2), routing_key="work")


def test_what_exceeds_the_limit_is_dead_lettered(connections: Callable[[], Any]) -> None:
    """By a reject and by the end of a connection alike: it is delivered once more than the limit says."""
    channel = connections().channel()
    channel.exchange_declare("dlx", "direct", durable=True, auto_delete=False)
    channel.queue_declare("dead", durable=True, auto_delete=False)
    channel.queue_bind("dead", "dlx", "given up")
    _declare(channel, LIMITED)
    _publish(channel, "m")
    message = _get(channel)
    assert not message.delivery_info["redelivered"]
    channel.basic_reject(message.delivery_tag, requeue=True)
    other = connections()
    assert _get(other.channel()).delivery_info["redelivered"]
    other.collect()
    message = _get(channel)
    assert channel.basic_get("dead") is None
    channel.basic_reject(message.delivery_tag, requeue=True)
    parked = _get(channel, "dead")
    assert parked.body == "m"
    assert parked.delivery_info["routing_key"] == "given up"
    assert parked.headers["x-first-death-reason"] == "delivery_limit"
    assert parked.headers["x-first-death-queue"] == "work"
    assert parked.headers["x-death"][0]["reason"] == "delivery_limit"
    assert channel.basic_get("work") is None


def test_a_high_limit_is_none(channel: Any) -> None:
    _declare(channel, {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1})
    for body in "ab":
        _publish(channel, body)
    for _ in range(30):
        held = [_get(channel), _get(channel)]
        assert [message.body for message in held] == ["a", "b"]
        for message in held:
            channel.basic_reject(message.delivery_tag, requeue=True)


@pytest.mark.parametrize("options", [{"durable": False}, {"exclusive": True}, {"auto_delete": True}])
def test_only_a_shared_durable_queue_can_be_one(channel: Any, options: dict[str, bool]) -> None:
    with pytest.raises(amqp.PreconditionFailed, match="invalid property"):
        _declare(channel, {"x-queue-type": "quorum"}, **options)


@pytest.mark.parametrize("name", ["x-delivery-limit", "x-dead-letter-strategy"])
def test_a_classic_queue_has_no_such_argument(channel: Any, name: str) -> None:
    with pytest.raises(amqp.PreconditionFailed, match=name):
        _declare(channel, {name: LIMITED[name]})


@pytest.mark.parametrize("other", [{}, {**LIMITED, "x-delivery-limit": 3}])
def test_another_declaration_is_refused(channel: Any, other: dict[str, Any]) -> None:
    channel.exchange_declare("dlx", "direct", durable=True, auto_delete=False)
    _declare(channel, LIMITED)
    _declare(channel, LIMITED)
    with pytest.raises(amqp.PreconditionFailed, match="inequivalent arg"):
        _declare(channel, other)
