"""MessagePack by configuration: what travels, and that everybody reads both."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import amqp
import msgspec
import pytest

import svcrt
from amqp_client import ForeignClient
from desk.v1 import Closed, DeskClient, Rung, Ticket, contract
from desk_services import Desk, Seen
from probe_services import wait_until
from svcrt import identities, wire
from svcrt.config import ENCODINGS
from svcrt.context import CallContext
from svcrt.errors import InternalError, InvalidRequest, InvalidValue, UnknownMethod
from svcrt.generated import Rpc, Struct
from svcrt.testing import running
from svcrt.types import Message

SERVICE = "desk.v1.Desk"
PACKED = "application/vnd.msgpack"
MSGPACK = msgspec.msgpack
TICKET = Ticket(
    number=7,
    text="é",
    scan=bytes(range(256)),
    price=Decimal("19.90"),
    at=datetime(2024, 1, 31, 12, tzinfo=UTC),
    weight=1.5,
    marks={1: True},
)


class Raw(ForeignClient):
    """Sends requests to the desk."""

    def send(self, body: bytes, content_type: str, *, exchange: str = "svc.rpc", kind: str = "echo") -> None:
        message = amqp.Message(
            body, content_type=content_type, type=kind, correlation_id="7", message_id="m-1", reply_to=self.queue
        )
        self.channel.basic_publish(message, exchange=exchange, routing_key=SERVICE)


@pytest.fixture
def raw(broker_url: str) -> Iterator[Raw]:
    client = Raw(broker_url)
    yield client
    client.close()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_everything_works_in_both(broker_url: str, encoding: str) -> None:
    seen = Seen()
    with (
        running(Desk, broker=broker_url, config={"seen": seen}, encoding=encoding),
        svcrt.connect(broker_url, encoding="msgpack") as packing,
        svcrt.connect(broker_url) as plain,
    ):
        for cluster in (packing, plain):
            desk = DeskClient(cluster)
            assert desk.echo(ticket=TICKET) == TICKET
            assert desk.mirror(value={"a": [1, None, "x", 0.5]}) == {"a": [1, None, "x", 0.5]}
            assert list(desk.count(first=1, last=100)) == list(range(1, 101))
            with pytest.raises(Closed) as caught:
                desk.echo(ticket=Ticket(number=1, text="closed"))
            assert caught.value.proof == b"\xff\x00"
            with pytest.raises(Closed):
                list(desk.count(first=1, last=0))
            with pytest.raises(InvalidValue):
                desk.echo(ticket=Ticket(number=1, text="", weight=float("nan")))
            desk.note(text="a", scan=b"\xff")
            cluster.emit(contract.RUNG, Rung(times=1, by=b"\xff"))
            desk.ring(times=2)
            wait_until(lambda: len(seen.notes) == 1 and len(seen.rung) == 2)
            assert seen.notes.pop() == ("a", b"\xff")
            assert sorted((each.times, each.by) for each in seen.rung) == [(1, b"\xff"), (2, b"\x00desk")]
            seen.rung.clear()


class Other(Struct, kw_only=True):
    """What another version of the contract sends."""

    ticket: int


def test_faults_of_the_other_side_are_read_in_both(embedded_broker_url: str) -> None:
    def rpc(name: str) -> Rpc[Other, str]:
        return Rpc(service=SERVICE, name=name, stub=name, arguments=Other, result=str)

    with (
        running(Desk, broker=embedded_broker_url, config={"seen": object()}),
        svcrt.connect(embedded_broker_url, encoding="msgpack") as cluster,
    ):
        with pytest.raises(InvalidRequest) as refused:
            cluster.call(rpc("echo"), Other(ticket=1))
        assert [fault.path for fault in refused.value.faults] == ["$.ticket"]
        with pytest.raises(UnknownMethod, match="gone"):
            cluster.call(rpc("gone"), Other(ticket=1))
        with pytest.raises(InternalError) as failed:
            DeskClient(cluster).name()
        assert failed.value.error_type == "AssertionError"


@pytest.mark.parametrize("content_type", [PACKED, "application/msgpack", "Application/X-MsgPack; v=5"])
def test_a_request_is_answered_in_its_own_encoding(broker_url: str, raw: Raw, content_type: str) -> None:
    with running(Desk, broker=broker_url, config={"seen": Seen()}):
        raw.send(MSGPACK.encode({"ticket": {"number": 1, "text": "a", "scan": b"\xff"}}), content_type)
        answer = raw.next()
        assert answer.properties["content_type"] == PACKED
        assert MSGPACK.decode(answer.body)["scan"] == b"\xff"
        raw.send(b'{"ticket": {"number": 1, "text": "a", "scan": "/w=="}}', "application/json")
        answer = raw.next()
        assert answer.properties["content_type"] == "application/json"
        assert msgspec.json.decode(answer.body)["scan"] == "/w=="


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"\x80",
        b"\xc1",
        b"\x81\x01\x02",
        b"\x91" * 1_000_000,
        b"\x81\xa6ticket" + b"\xdd\xff\xff\xff\xff" * 50,
        b"\x81\xa6ticket\xd6\xff\x00\x00\x00\x00",
        MSGPACK.encode({"ticket": {"number": 1, "text": "a", "weight": float("nan")}}),
    ],
)
def test_a_hostile_request_is_refused_and_a_job_parked_as_it_came(broker_url: str, raw: Raw, body: bytes) -> None:
    seen = Seen()
    with running(Desk, broker=broker_url, config={"seen": seen}), svcrt.connect(broker_url) as cluster:
        raw.send(body, PACKED)
        answer = raw.next()
        assert answer.application_headers["svc-error"] == "svc.InvalidRequest"
        assert "breaks the contract" in MSGPACK.decode(answer.body)["message"]
        raw.send(body, PACKED, exchange="svc.job", kind="note")
        wait_until(lambda: raw.channel.queue_declare(f"svc.dead.{SERVICE}", passive=True).message_count == 1)
        parked = raw.channel.basic_get(f"svc.dead.{SERVICE}", no_ack=True)
        assert (parked.body or b"", parked.properties["content_type"]) == (body, PACKED)
        assert DeskClient(cluster).name() == "desk"
        assert seen.notes == []


def test_services_announce_as_they_are_configured(broker_url: str, raw: Raw) -> None:
    with (
        running(Desk, broker=broker_url, config={"seen": Seen()}, encoding="msgpack"),
        svcrt.connect(broker_url) as cluster,
    ):
        raw.channel.queue_bind(raw.queue, "svc.event", "desk.v1.Rung")
        DeskClient(cluster).ring(times=3)
        event = raw.next()
        assert (event.properties["content_type"], event.body.hex()) == (PACKED, "82a574696d657303a26279c405006465736b")


def test_messages_say_what_they_are() -> None:
    context = CallContext(call_id="a-1", traceparent=identities.new_trace())
    asked = wire.request(
        b"\x80", method="m", context=context, correlation_id="1", reply_to="amq.gen-x", app_id="x", packed=True
    )
    others = [
        wire.event(b"\x80", name="E", context=context, app_id="x", packed=True),
        wire.oneway(b"\x80", method="m", context=context, app_id="x", packed=True),
        wire.reply(asked, b"\xc0", app_id="x"),
        wire.error_reply(asked, "svc.Internal", b"\x80", app_id="x"),
    ]
    assert {each.content_type for each in (asked, *others)} == {PACKED}
    assert all(map(wire.is_packed, others))
    assert not wire.is_packed(Message(body=b"{}"))
    assert not wire.is_packed(Message(body=b"{}", content_type=None))


def test_an_encoding_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no encoding `yaml`; there are: json, msgpack"):
        svcrt.connect("amqp://127.0.0.1:1/", encoding="yaml")
    assert wire.ENCODINGS == ENCODINGS
