from collections.abc import Callable
from typing import Any

import amqp
import pytest
from pamqp import commands

from amqp_client import RawClient


def _bodies(channel: Any, queue: str) -> list[str]:
    found = []
    while (message := channel.basic_get(queue, no_ack=True)) is not None:
        found.append(message.body)
    return found


def _queue(channel: Any, name: str, exchange: str, *keys: str) -> None:
    channel.queue_declare(name, auto_delete=False)
    for key in keys:
        channel.queue_bind(name, exchange, key)


def test_direct_exchange_delivers_by_equal_key(channel: Any) -> None:
    channel.exchange_declare("d", "direct", auto_delete=False)
    _queue(channel, "a", "d", "one", "two")
    _queue(channel, "b", "d", "two")
    for key in ("one", "two", "three"):
        channel.basic_publish(amqp.Message(key), exchange="d", routing_key=key)
    assert (_bodies(channel, "a"), _bodies(channel, "b")) == (["one", "two"], ["two"])


def test_a_queue_bound_twice_gets_one_copy(channel: Any) -> None:
    channel.exchange_declare("f", "fanout", auto_delete=False)
    _queue(channel, "a", "f", "x", "y")
    channel.basic_publish(amqp.Message("m"), exchange="f", routing_key="anything")
    assert _bodies(channel, "a") == ["m"]


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("a.b.c", ["a.b.c"]),
        ("a.*.c", ["a.b.c", "a.x.c"]),
        ("a.#", ["a", "a.b.c", "a.x.c", "a.c"]),
        ("#.c", ["a.b.c", "a.x.c", "a.c", "c"]),
        ("a.#.c", ["a.b.c", "a.x.c", "a.c"]),
        ("*", ["a", "c"]),
        ("#", ["a", "a.b.c", "a.x.c", "a.c", "c", ""]),
        ("*.#.*", ["a.b.c", "a.x.c", "a.c"]),
    ],
)
def test_topic_patterns(channel: Any, pattern: str, matched: list[str]) -> None:
    channel.exchange_declare("t", "topic", auto_delete=False)
    _queue(channel, "q", "t", pattern)
    for key in ("a", "a.b.c", "a.x.c", "a.c", "c", ""):
        channel.basic_publish(amqp.Message(key), exchange="t", routing_key=key)
    assert _bodies(channel, "q") == matched


def test_topic_unbind_takes_effect_for_keys_already_seen(channel: Any) -> None:
    channel.exchange_declare("t", "topic", auto_delete=False)
    _queue(channel, "q", "t", "a.*")
    channel.basic_publish(amqp.Message("1"), exchange="t", routing_key="a.b")
    channel.queue_unbind("q", "t", "a.*")
    channel.basic_publish(amqp.Message("2"), exchange="t", routing_key="a.b")
    channel.queue_bind("q", "t", "#")
    channel.basic_publish(amqp.Message("3"), exchange="t", routing_key="a.b")
    assert _bodies(channel, "q") == ["1", "3"]


def test_default_exchange_reaches_every_queue_by_name(channel: Any) -> None:
    channel.queue_declare("a b/ü", auto_delete=False)
    channel.basic_publish(amqp.Message("m"), routing_key="a b/ü")
    assert _bodies(channel, "a b/ü") == ["m"]


def test_default_exchange_cannot_be_bound_declared_or_deleted(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    refusals: tuple[Callable[[], Any], ...] = (
        lambda: channel.queue_bind("q", "", "k"),
        lambda: channel.queue_unbind("q", "", "q"),
        lambda: channel.exchange_declare("", "direct", auto_delete=False),
        lambda: channel.exchange_delete(""),
    )
    for refused in refusals:
        with pytest.raises(amqp.AccessRefused):
            refused()


def test_predeclared_exchanges_exist_and_stay(channel: Any) -> None:
    for kind in ("direct", "fanout", "topic"):
        channel.exchange_declare(f"amq.{kind}", kind, durable=True, auto_delete=False)
    with pytest.raises(amqp.AccessRefused):
        channel.exchange_delete("amq.direct")


def test_reserved_exchange_names_are_refused(channel: Any) -> None:
    with pytest.raises(amqp.AccessRefused):
        channel.exchange_declare("amq.mine", "direct", auto_delete=False)


def test_passive_declare_of_a_missing_exchange(channel: Any) -> None:
    with pytest.raises(amqp.NotFound, match="no exchange 'nope' in vhost"):
        channel.exchange_declare("nope", "direct", passive=True)


@pytest.mark.parametrize(
    "changed",
    [{"type": "fanout"}, {"durable": True}, {"auto_delete": True}, {"arguments": {"alternate-exchange": "x"}}],
)
def test_redeclaring_an_exchange_otherwise_is_refused(channel: Any, changed: dict[str, Any]) -> None:
    same = {"type": "direct", "durable": False, "auto_delete": False}
    channel.exchange_declare("e", **same)
    channel.exchange_declare("e", **same)
    with pytest.raises(amqp.PreconditionFailed, match="inequivalent arg"):
        channel.exchange_declare("e", **{**same, **changed})


def test_unknown_exchange_type_closes_the_connection(connections: Callable[[], Any]) -> None:
    connection = connections()
    with pytest.raises(amqp.exceptions.InvalidCommand, match="unknown exchange type 'nosuch'"):
        connection.channel().exchange_declare("e", "nosuch", auto_delete=False)


def test_alternate_exchange_gets_what_nothing_matches(channel: Any) -> None:
    channel.exchange_declare("alt", "fanout", auto_delete=False)
    channel.exchange_declare("main", "direct", auto_delete=False, arguments={"alternate-exchange": "alt"})
    _queue(channel, "lost", "alt", "")
    _queue(channel, "found", "main", "k")
    for key in ("k", "other"):
        channel.basic_publish(amqp.Message(key), exchange="main", routing_key=key)
    assert (_bodies(channel, "found"), _bodies(channel, "lost")) == (["k"], ["other"])


def test_a_missing_alternate_exchange_is_no_error(channel: Any) -> None:
    channel.exchange_declare("main", "direct", auto_delete=False, arguments={"alternate-exchange": "nowhere"})
    channel.basic_publish(amqp.Message("m"), exchange="main", routing_key="k")
    channel.exchange_declare("main", "direct", passive=True)


def test_exchanges_bind_to_exchanges(channel: Any) -> None:
    channel.exchange_declare("first", "topic", auto_delete=False)
    channel.exchange_declare("second", "direct", auto_delete=False)
    channel.exchange_bind("second", "first", "a.#")
    _queue(channel, "q", "second", "a.b")
    for key in ("a.b", "a.c", "b"):
        channel.basic_publish(amqp.Message(key), exchange="first", routing_key=key)
    channel.exchange_unbind("second", "first", "a.#")
    channel.basic_publish(amqp.Message("after"), exchange="first", routing_key="a.b")
    assert _bodies(channel, "q") == ["a.b"]


def test_auto_delete_exchange_goes_with_its_last_binding(channel: Any) -> None:
    channel.exchange_declare("e", "direct", auto_delete=True)
    _queue(channel, "q", "e", "a", "b")
    channel.queue_unbind("q", "e", "a")
    channel.exchange_declare("e", "direct", passive=True)
    channel.queue_unbind("q", "e", "b")
    with pytest.raises(amqp.NotFound):
        channel.exchange_declare("e", "direct", passive=True)


def test_exchange_delete_if_unused(channel: Any) -> None:
    channel.exchange_declare("e", "direct", auto_delete=False)
    _queue(channel, "q", "e", "a")
    with pytest.raises(amqp.PreconditionFailed, match="in use"):
        channel.exchange_delete("e", if_unused=True)
    channel.queue_unbind("q", "e", "a")
    channel.exchange_delete("e", if_unused=True)
    channel.exchange_delete("e")
    with pytest.raises(amqp.NotFound):
        channel.exchange_declare("e", "direct", passive=True)


def test_binding_what_is_not_there(channel: Any) -> None:
    channel.queue_declare("q", auto_delete=False)
    with pytest.raises(amqp.NotFound, match="no exchange 'nope'"):
        channel.queue_bind("q", "nope", "k")
    channel.exchange_declare("e", "direct", auto_delete=False)
    with pytest.raises(amqp.NotFound, match="no queue 'nope'"):
        channel.queue_bind("nope", "e", "k")


def test_removing_a_binding_that_is_not_there_is_fine(channel: Any) -> None:
    channel.exchange_declare("e", "direct", auto_delete=False)
    channel.queue_declare("q", auto_delete=False)
    channel.queue_unbind("q", "e", "never")
    channel.queue_declare("q", passive=True)


def test_publishing_to_an_internal_exchange_is_refused(broker_url: str) -> None:
    with RawClient(broker_url).open() as client:
        client.send(commands.Exchange.Declare(exchange="in", exchange_type="direct", internal=True))
        client.expect(commands.Exchange.DeclareOk)
        client.publish("k", b"m", exchange="in")
        assert client.expect(commands.Channel.Close).reply_code == 403
