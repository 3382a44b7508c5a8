"""Heads packed and read by hand against the writer and reader of all properties; the vector stands in docs/wire.md."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcrt import wire
from svcrt.amqp import heads
from svcrt.amqp.caller import child_of
from svcrt.amqp.origins import Origin
from svcrt.amqp.properties import decode_message, encode_properties, short
from svcrt.amqp.served import head_of
from svcrt.context import CallContext, Identity
from svcrt.types import Message

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CONTEXT = "v=1;id=5f1c-2a;left=2500;sent=1700000000000"
texts = st.text(min_size=1, max_size=60)


def message(context: str, *, packed: bool = False, correlation: str = "7") -> Message:
    return Message(
        body=b"{}",
        content_type=wire.content_type(packed),
        type="get",
        message_id="5f1c-2a",
        correlation_id=correlation,
        reply_to="amq.gen-x",
        app_id="shop@host",
        expiration=2500,
        headers={"svc": context, "traceparent": TRACE},
    )


def packed_by_hand(context: str, *, packed: bool = False, correlation: str = "7") -> bytes:
    return heads.pack_request(
        packed=packed,
        context=context.encode(),
        trace=TRACE.encode(),
        correlation=correlation.encode(),
        reply_to=short("amq.gen-x"),
        left_ms=2500,
        message_id=b"5f1c-2a",
        tail=heads.tail("get", "shop@host"),
    )


@given(context=texts, packed=st.booleans(), correlation=st.text(min_size=1, max_size=40))
def test_both_writers_write_the_same_request_and_both_readers_read_it(
    context: str, packed: bool, correlation: str
) -> None:
    whole = message(context, packed=packed, correlation=correlation)
    properties = packed_by_hand(context, packed=packed, correlation=correlation)
    assert properties == encode_properties(whole, expiration=2500)
    assert heads.read_request(properties) == head_of(whole) == head_of(decode_message(properties, b"{}"))


@given(packed=st.booleans(), correlation=st.text(min_size=1, max_size=40))
def test_both_writers_write_the_same_reply(packed: bool, correlation: str) -> None:
    reply = wire.reply(message(CONTEXT, packed=packed, correlation=correlation), b"1", app_id="S@host")
    properties = heads.pack_reply(packed, correlation.encode(), short("S@host"))
    assert properties == encode_properties(reply, expiration=None)
    assert heads.read_reply(properties) == (correlation.encode(), packed)
    assert properties.startswith(heads.PLAIN_REPLY) is not packed


@given(data=st.data())
def test_what_is_cut_or_changed_is_not_misread(data: st.DataObject) -> None:
    """Either it has another shape, and the other reader takes it, or both read the same."""
    properties = bytearray(packed_by_hand(CONTEXT))
    for _ in range(data.draw(st.integers(0, 3))):
        properties[data.draw(st.integers(0, len(properties) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(properties[: data.draw(st.integers(0, len(properties)))])
    head = heads.read_request(damaged)
    if head is not None:
        other = decode_message(damaged, b"")
        assert (other.message_id or "").encode() == head.message_id or not head.message_id.isascii()
        assert (other.type or "").encode() == head.method or not head.method.isascii()
    heads.read_reply(damaged)


@pytest.mark.parametrize(
    "message_of_another_shape",
    [
        message(CONTEXT).__class__(body=b"", type="get", reply_to="amq.gen-x"),
        wire.error_reply(message(CONTEXT), "svc.Internal", b"{}", app_id="S"),
    ],
)
def test_another_shape_is_left_to_the_other_reader(message_of_another_shape: Message) -> None:
    properties = encode_properties(message_of_another_shape, expiration=None)
    assert heads.read_request(properties) is None
    assert heads.read_reply(properties) is None


def test_the_bytes_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "wire.md").read_text()
    block = re.search(r"<!-- request bytes -->\n```\n(.*?)```", page, re.DOTALL)
    assert block is not None
    digits = "".join(line.split("  ")[0] for line in block[1].splitlines())
    assert bytes.fromhex(digits.replace(" ", "")) == packed_by_hand(CONTEXT)


@pytest.mark.parametrize(
    "parent",
    [
        CallContext(call_id="a-1", traceparent=TRACE),
        CallContext(call_id="a-1", parents=("b-2", "c-3"), traceparent=TRACE, baggage={"tenant": "ac;me", "é": "="}),
        CallContext(
            call_id="a-1",
            traceparent=TRACE[:-2] + "00",
            authorization="Bearer a;b",
            identity=Identity(scheme="bearer", kind="User", claims='{"id":7}'),
        ),
    ],
)
def test_a_stamp_is_the_header_of_the_context(parent: CallContext) -> None:
    """What is written past the context must be what the context says, call after call."""
    origin = child_of(parent)
    for call_id, left in (("x-1", 1000), ("x-2", 0)):
        stamp = origin.stamp(call_id, left).decode()
        sent = re.search(r";sent=(\d+)", stamp)
        assert sent is not None
        child = parent.child(call_id=call_id, traceparent=TRACE, timeout=1.0)
        expected = wire.context_header(child, epoch_ms=int(sent[1]))
        assert re.sub(r"left=\d+", "", stamp) == re.sub(r"left=\d+", "", expected)
        trace = origin.trace().decode()
        assert (trace[:36], trace[52:]) == (parent.traceparent[:36], parent.traceparent[52:])


def test_calls_of_a_program_begin_a_trace_each() -> None:
    origin = Origin(lambda timeout: CallContext(call_id="p-1", traceparent=TRACE), continues=False)
    first, second = origin.trace(), origin.trace()
    assert first[3:35] != second[3:35]
    assert len(first) == 55
