import re
import time
from dataclasses import replace

import pytest

from svcrt import identities, wire
from svcrt.context import CallContext, Identity
from svcrt.errors import InvalidValue
from svcrt.types import Message

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EPOCH = 1_700_000_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clocks: 100 s since start, and a moment of 2023."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(time, "time_ns", lambda: EPOCH * 1_000_000)


WHO = Identity(scheme="basic", kind="Zoë,;", claims="1")


def context(**changes: object) -> CallContext:
    return replace(CallContext(call_id="5f1c-2a", traceparent=TRACE), **changes)  # type: ignore[arg-type] # fields


# Contexts and the header that each of them is on the wire.
VECTORS = [
    (context(), "v=1;id=5f1c-2a"),
    (context(deadline=102.5), "v=1;id=5f1c-2a;left=2500;sent=1700000000000"),
    (context(parents=("5f1c-29", "77aa-1")), "v=1;id=5f1c-2a;up=5f1c-29,77aa-1"),
    (context(authorization="Bearer a=b;c"), "v=1;id=5f1c-2a;auth=Bearer%20a%3Db%3Bc"),
    (
        context(baggage={"tenant": "acme", "Zoë;=": "a b%"}),
        "v=1;id=5f1c-2a;.tenant=acme;.Zo%C3%AB%3B%3D=a%20b%25",
    ),
    (
        context(identity=Identity(scheme="bearer", kind="User", claims='{"id":7,"tags":["a"]}')),
        "v=1;id=5f1c-2a;who=bearer,User,%7B%22id%22%3A7%2C%22tags%22%3A%5B%22a%22%5D%7D",
    ),
    (
        context(deadline=100.0, parents=("p-1",), authorization="x", identity=WHO, baggage={"k": ""}),
        "v=1;id=5f1c-2a;up=p-1;left=0;sent=1700000000000;auth=x;who=basic,Zo%C3%AB%2C%3B,1;.k=",
    ),
]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("value", "text"), VECTORS)
def test_context_header_vectors(value: CallContext, text: str) -> None:
    assert wire.context_header(value, epoch_ms=EPOCH) == text
    message = Message(body=b"", headers={"svc": text, "traceparent": TRACE})
    assert wire.read_context(message, arrival=100.0, epoch_ms=EPOCH) == value


def test_only_ten_parents_go_along() -> None:
    text = wire.context_header(context(parents=tuple(f"p-{n}" for n in range(12))), epoch_ms=EPOCH)
    assert text == "v=1;id=5f1c-2a;up=" + ",".join(f"p-{n}" for n in range(10))
    many = Message(body=b"", headers={"svc": "v=1;id=a;up=" + ",".join(f"p-{n}" for n in range(12))})
    assert len(wire.read_context(many, arrival=0.0, epoch_ms=EPOCH).parents) == 10


@pytest.mark.parametrize(
    ("sent", "remaining"),
    [
        (EPOCH - 400, 2.1),  # the way took 400 ms
        (EPOCH + 5_000, 2.5),  # the sender's clock is ahead: no advice
        (EPOCH - 3_000, 2.5),  # longer than the broker would have kept it: the clocks differ
    ],
)
def test_the_senders_clock_is_advice(sent: int, remaining: float) -> None:
    message = Message(body=b"", headers={"svc": f"v=1;id=a;left=2500;sent={sent}"})
    deadline = wire.read_context(message, arrival=100.0, epoch_ms=EPOCH).deadline
    assert deadline == pytest.approx(100.0 + remaining)


def test_a_remaining_time_without_an_epoch_counts_from_arrival() -> None:
    message = Message(body=b"", headers={"svc": "v=1;id=a;left=1500"})
    assert wire.read_context(message, arrival=7.0, epoch_ms=EPOCH).deadline == 8.5


def test_a_message_of_a_stranger_begins_a_root_call() -> None:
    read = wire.read_context(Message(body=b"", message_id="m-1"), arrival=0.0, epoch_ms=EPOCH)
    assert (read.call_id, read.parents, read.deadline, dict(read.baggage)) == ("m-1", (), None, {})
    assert identities.is_traceparent(read.traceparent)
    nameless = wire.read_context(Message(body=b""), arrival=0.0, epoch_ms=EPOCH)
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", nameless.call_id)


def test_unknown_keys_are_ignored() -> None:
    message = Message(body=b"", headers={"svc": "v=1;id=a;future=1"})
    assert wire.read_context(message, arrival=0.0, epoch_ms=EPOCH).call_id == "a"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "key=value"),
        ("v=1;id", "key=value"),
        ("v=1;=x", "key=value"),
        ("id=a", "wire version 1"),
        ("v=2;id=a", "not `2`"),
        ("v=1;id=a b", "call id"),
        ("v=1;id=a;up=b,,c", "call id"),
        ("v=1;id=" + "a" * 101, "call id"),
        ("v=1;id=a;left=-1", "whole milliseconds"),
        ("v=1;id=a;left=1.5", "whole milliseconds"),
        ("v=1;id=a;left=\u0661", "whole milliseconds"),
        ("v=1;id=a;left=1;sent=x", "whole milliseconds"),
        ("v=1;id=a;who=bearer,User", "scheme, kind and claims"),
        ("v=1;id=a;who=bearer,User,1,2", "scheme, kind and claims"),
    ],
)
def test_a_malformed_context_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=re.escape(reason)) as caught:
        wire.read_context(Message(body=b"", headers={"svc": text}), arrival=0.0, epoch_ms=EPOCH)
    assert caught.value.faults[0].path == "$headers.svc"


@pytest.mark.usefixtures("clock")
def test_request_vector() -> None:
    call = context(deadline=102.5, parents=("p-1",))
    assert wire.request(
        b"{}", method="place", context=call, correlation_id="7", reply_to="amq.gen-x", app_id="shop@host"
    ) == Message(
        body=b"{}",
        content_type="application/json",
        type="place",
        message_id="5f1c-2a",
        correlation_id="7",
        reply_to="amq.gen-x",
        app_id="shop@host",
        expiration=2500,
        persistent=False,
        headers={"svc": "v=1;id=5f1c-2a;up=p-1;left=2500;sent=1700000000000", "traceparent": TRACE},
    )


@pytest.mark.usefixtures("clock")
def test_event_and_oneway_vectors() -> None:
    expected = Message(
        body=b"{}",
        type="acme.orders.v1.OrderPlaced",
        message_id="5f1c-2a",
        app_id="shop@host",
        timestamp=1_700_000_000,
        persistent=True,
        headers={"svc": "v=1;id=5f1c-2a", "traceparent": TRACE},
    )
    event = wire.event(b"{}", name="acme.orders.v1.OrderPlaced", context=context(), app_id="shop@host")
    assert event == expected
    oneway = wire.oneway(b"{}", method="remind", context=context(), app_id="shop@host")
    assert oneway == replace(expected, type="remind")


def test_what_is_kept_holds_no_credential() -> None:
    secret = context(authorization="Bearer secret", identity=WHO)
    for message in (
        wire.event(b"{}", name="a.B", context=secret, app_id="a"),
        wire.oneway(b"{}", method="m", context=secret, app_id="a"),
    ):
        assert message.headers["svc"] == "v=1;id=5f1c-2a;who=basic,Zo%C3%AB%2C%3B,1"
    call = wire.request(b"{}", method="m", context=secret, correlation_id="7", reply_to="amq.gen-x", app_id="a")
    assert "auth=Bearer%20secret" in call.headers["svc"]
    assert wire.without_credential("v=1;id=a;auth=x;.auth=kept") == "v=1;id=a;.auth=kept"


def test_messages_to_sockets() -> None:
    route = "acme.chat.v1.Chat.live"
    everywhere = wire.socket_broadcast(b"{}", route, "room:1", app_id="a")
    assert everywhere == Message(body=b"{}", type=route, app_id="a", headers={"svc-channel": "room:1"})
    one = wire.socket_unicast(b"{}", route, "k3f9-1", app_id="a")
    assert one == Message(body=b"{}", type=route, app_id="a", headers={"svc-socket": "k3f9-1"})


def test_replies() -> None:
    asked = Message(body=b"", correlation_id="7")
    good = wire.reply(asked, b"1", app_id="a")
    assert good == Message(body=b"1", correlation_id="7", app_id="a")
    assert wire.error_name(good) is None
    bad = wire.error_reply(asked, "svc.Overloaded", b"{}", app_id="a")
    assert bad == Message(body=b"{}", correlation_id="7", app_id="a", headers={"svc-error": "svc.Overloaded"})
    assert wire.error_name(bad) == "svc.Overloaded"


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("amq.gen-JzTY20BRgKO-HjmUJj0wLg", True),
        ("amq.gen-", False),
        ("svc.job.acme.Orders", False),
        ("amq.gen-x\n", False),
        ("amq.gen-a.b", False),
        ("amq.rabbitmq.reply-to.g1h2", False),
        ("", False),
        (None, False),
    ],
)
def test_replies_go_to_queues_only_that_the_broker_named(name: str | None, accepted: bool) -> None:
    assert wire.is_reply_queue(name) is accepted


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (Message(body=b"{}"), None),
        (Message(body=b"{}", content_type="Application/JSON; charset=utf-8", content_encoding="UTF-8"), None),
        (Message(body=b"\x80", content_type="application/vnd.msgpack"), None),
        (Message(body=b"\x80", content_type="application/x-msgpack"), None),
        (Message(body=bytes(wire.MAX_BODY_BYTES)), None),
        (Message(body=bytes(wire.MAX_BODY_BYTES + 1)), "$"),
        (Message(body=b"", content_type=None), "$properties.content_type"),
        (Message(body=b"", content_type="application/x-python-serialize"), "$properties.content_type"),
        (Message(body=b"", content_type="application/x-yaml"), "$properties.content_type"),
        (Message(body=b"", content_encoding="bzip2"), "$properties.content_encoding"),
        (Message(body=b"", content_encoding="base64"), "$properties.content_encoding"),
        (Message(body=b"", content_encoding="utf-16"), "$properties.content_encoding"),
    ],
)
def test_only_plain_json_and_messagepack_pass_the_gate(message: Message, path: str | None) -> None:
    if path is None:
        wire.check_content(message)
        return
    with pytest.raises(InvalidValue) as caught:
        wire.check_content(message)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_the_limits_of_sending() -> None:
    limit = wire.MAX_HEADER_BYTES
    wire.check_sending(Message(body=b"", headers={"ab": "x" * (limit - 2)}), exchange="e" * 255, routing_key="")
    bad = Message(body=b"", app_id="ü" * 128, headers={"ab": "ü" * (limit // 2)})
    with pytest.raises(InvalidValue) as caught:
        wire.check_sending(bad, exchange="", routing_key="k" * 256)
    assert [fault.path for fault in caught.value.faults] == [
        "$properties.routing_key",
        "$properties.app_id",
        "$headers",
    ]
    with pytest.raises(InvalidValue, match="name of a header"):
        wire.check_sending(Message(body=b"", headers={"n" * 256: ""}), exchange="", routing_key="")
