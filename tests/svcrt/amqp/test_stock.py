"""The two ways to talk to a broker: which is taken, that they have one face, and what py-amqp alone would get wrong."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import amqp
import pytest

import amqp_client
import svcrt
from link_probe import WAIT, Inbox, Outcomes, message, wait_until
from rabbitmq_node import RabbitMQNode
from svcrt import config
from svcrt.amqp import AmqpLink, connection, stock
from svcrt.amqp.kinds import KINDS, connection_class
from svcrt.concurrency import Backend, backend
from svcrt.errors import ConfigError, Unconfirmed
from svcrt.runner import Runner
from svcrt.types import Queue

MakeLink = Callable[..., AmqpLink]
NOWHERE = "amqp://127.0.0.1:1"


# --- which one ---------------------------------------------------------------------------------------------------


def test_the_settings_know_the_kinds_there_are() -> None:
    assert config.LINKS == KINDS


def test_the_keyword_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SVCGEN_LINK", raising=False)
    assert connection_class(None) is connection.Connection
    monkeypatch.setenv("SVCGEN_LINK", "")
    assert connection_class(None) is connection.Connection
    monkeypatch.setenv("SVCGEN_LINK", "Stock")
    assert connection_class(None) is stock.StockConnection
    assert connection_class("fast") is connection.Connection


def test_another_word_is_refused_by_all_that_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for attempt in (
        lambda: AmqpLink(NOWHERE, backend("threads"), name="test", kind="slow"),
        lambda: svcrt.connect(NOWHERE, link="slow"),
        lambda: Runner([], broker=NOWHERE, link="slow").start(),
    ):
        with pytest.raises(ConfigError, match=r"^`link` must be one of fast, stock, not `slow`$"):
            attempt()
    monkeypatch.setenv("SVCGEN_LINK", "slow")
    with pytest.raises(ConfigError, match=r"^environment variable SVCGEN_LINK must be one of fast, stock, not `slow`$"):
        svcrt.connect(NOWHERE)


def test_the_fallback_is_loaded_by_those_who_choose_it() -> None:
    program = (
        "import sys\nfrom svcrt.amqp import AmqpLink\nfrom svcrt.concurrency import backend\n"
        f"AmqpLink({NOWHERE!r}, backend('threads'), name='test', kind=sys.argv[1])\n"
        "print(*[each for each in sys.modules if each.startswith('svcrt.amqp.stock')])"
    )
    loaded = {
        kind: subprocess.run([sys.executable, "-c", program, kind], capture_output=True, text=True, check=True).stdout
        for kind in KINDS
    }
    assert loaded["fast"].split() == []
    assert "svcrt.amqp.stock" in loaded["stock"].split()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(connection.Connection, stock.StockConnection), (connection.Channel, stock.StockChannel)],
    ids=["connection", "channel"],
)
def test_both_have_one_face(ours: Any, theirs: Any) -> None:
    public = [name for name, value in vars(ours).items() if inspect.isfunction(value) and not name.startswith("_")]
    assert len(public) >= 3
    for name in set(public) - {"Transport"}:
        mine, other = (inspect.signature(getattr(each, name)).parameters for each in (ours, theirs))
        assert list(mine) == list(other), name
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)


# --- hostile messages --------------------------------------------------------------------------------------------


class _Raw(amqp.Message):  # type: ignore[misc] # py-amqp has no types
    """A message with properties of any bytes."""

    raw = b""

    def _serialize_properties(self) -> bytes:
        return self.raw


def _headers(*items: bytes) -> bytes:
    table = b"".join(items)
    return b"\x20\x00" + len(table).to_bytes(4, "big") + table


def _nested(depth: int) -> bytes:
    value = b"V"
    for _ in range(depth):
        table = b"\x01n" + value
        value = b"F" + len(table).to_bytes(4, "big") + table
    return b"\x01n" + value


@pytest.mark.rabbitmq
@pytest.mark.parametrize(
    "properties",
    [
        pytest.param(b"\x80\x00\x03\xff\xfe\xfd", id="a content type that is no text"),
        pytest.param(b"\x80\x00\x03\xed\xa0\x80", id="half a surrogate pair"),
        pytest.param(_headers(b"\x01tT" + b"\xff" * 8), id="a time after all times"),
        pytest.param(_headers(_nested(2000)), id="tables in tables"),
        pytest.param(_headers(b"\x02\xff\xfeS\x00\x00\x00\x01\xff"), id="a header that is no text"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_properties_that_nobody_can_read_harm_their_message_only(
    concurrency: Backend, make_link: MakeLink, rabbitmq_vhost_url: str, kind: str, properties: bytes
) -> None:
    link, inbox = make_link(rabbitmq_vhost_url, kind=kind), Inbox(concurrency)
    lost: list[int] = []
    link.consume(Queue(name="q"), inbox, prefetch=1, on_lost=lambda: lost.append(1))
    sender = amqp_client.connect(rabbitmq_vhost_url, confirm_publish=True)
    hostile = _Raw(b"hostile")
    hostile.raw = properties
    sender.channel().basic_publish(hostile, routing_key="q")
    link.publish(message("next"), exchange="", routing_key="q", timeout=WAIT)
    first, second = inbox.wait(2)
    assert (first.message.body, second.message.body) == (b"hostile", b"next")
    assert first.message.content_type != second.message.content_type == "application/json"
    # All that is known of it can be written: it may have to be parked.
    str(first.message).encode()
    assert lost == []
    sender.close()


@pytest.mark.rabbitmq
@pytest.mark.parametrize("kind", KINDS)
def test_a_routing_key_that_is_no_text_harms_its_message_only(
    concurrency: Backend, make_link: MakeLink, rabbitmq_vhost_url: str, kind: str
) -> None:
    link, inbox = make_link(rabbitmq_vhost_url, kind=kind), Inbox(concurrency)
    sender = amqp_client.connect(rabbitmq_vhost_url, confirm_publish=True)
    channel = sender.channel()
    link.consume(Queue(name="q"), inbox, prefetch=1)
    channel.queue_bind("q", "amq.fanout")
    channel.basic_publish(amqp.Message(b"hostile"), exchange="amq.fanout", routing_key=b"k\xff\xfe")
    link.publish(message("next"), exchange="", routing_key="q", timeout=WAIT)
    first, _ = inbox.wait(2)
    assert (first.message.body, first.exchange, first.routing_key[0]) == (b"hostile", "amq.fanout", "k")
    first.routing_key.encode()
    sender.close()


# --- a broker that takes nothing ---------------------------------------------------------------------------------


@pytest.mark.rabbitmq
@pytest.mark.parametrize("kind", KINDS)
def test_more_than_the_network_takes_blocks_nobody(
    concurrency: Backend, make_link: MakeLink, fault_node: RabbitMQNode, kind: str
) -> None:
    link = make_link(fault_node.fresh_vhost(), heartbeat=1, connect_timeout=0.5, post_timeout=WAIT, kind=kind)
    outcomes, inbox = Outcomes(concurrency), Inbox(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=0)
    with fault_node.frozen():
        for number in range(3):
            link.post(message("x" * 8_000_000), exchange="", routing_key="q", on_done=outcomes.note(number))
        wait_until(concurrency, lambda: not link.ready, "the connection is given up")
        # What was being written may have arrived; the rest waits for the next connection.
        assert isinstance(outcomes.wait(1)[0], Unconfirmed)
    ended = outcomes.wait(3)
    assert all(error is None or isinstance(error, Unconfirmed) for error in ended.values())
    link.publish(message("later"), exchange="", routing_key="q", timeout=WAIT)
    wait_until(concurrency, lambda: "later" in inbox.bodies)
