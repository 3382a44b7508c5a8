"""Frames against py-amqp's and pamqp's codecs: whole, split, joined, damaged."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import amqp
import pamqp.body
import pamqp.commands
import pamqp.frame
import pamqp.header
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svcrt.amqp import frames
from svcrt.amqp.properties import decode_message, encode_properties
from svcrt.types import Message
from svcrt.wire import MAX_BODY_BYTES

MAX_FRAME = 131_072
shorts = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
headers = st.dictionaries(st.text("abcdef-", min_size=1, max_size=12), st.text(max_size=60), max_size=4)


@dataclass
class Channel:
    """Takes down what the reader hands over."""

    events: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.on_deliver: Callable[[bytes, bytes, int, bool, str, str], None] | None = self._note("deliver")
        self.on_return: Callable[[bytes, bytes, str, str], None] | None = self._note("return")
        self.on_confirm: Callable[[int, bool, bool], None] | None = self._note("confirm")

    def _note(self, kind: str) -> Callable[..., None]:
        return lambda *values: self.events.append((kind, *values))


def read(pieces: Sequence[bytes], sinks: dict[int, Channel]) -> list[tuple[int, int, bytes]]:
    """Feed a reader; return the frames that are not of the hot path."""
    reader = frames.FrameReader(sinks)
    cold = []
    for piece in pieces:
        reader.feed(piece)
        while reader.run():
            frame = reader.next_frame()
            assert frame is not None
            cold.append(frame)
    return cold


def marshalled(number: int, *parts: Any) -> bytes:
    return b"".join(pamqp.frame.marshal(part, number) for part in parts)


def delivery(number: int, tag: int, properties: bytes, body: bytes, *, redelivered: bool = False) -> bytes:
    method = pamqp.commands.Basic.Deliver("ctag", tag, redelivered, "svc.rpc", "a.B")
    head = b"\x00\x3c\x00\x00" + len(body).to_bytes(8, "big") + properties
    data = (
        marshalled(number, method) + b"\x02" + number.to_bytes(2, "big") + len(head).to_bytes(4, "big") + head + b"\xce"
    )
    for start in range(0, len(body), MAX_FRAME - 8):
        data += marshalled(number, pamqp.body.ContentBody(body[start : start + MAX_FRAME - 8]))
    return data


messages = st.builds(
    Message,
    body=st.binary(max_size=300),
    content_type=st.none() | shorts,
    content_encoding=st.none() | shorts,
    type=st.none() | shorts,
    message_id=st.none() | shorts,
    correlation_id=st.none() | shorts,
    reply_to=st.none() | shorts,
    app_id=st.none() | shorts,
    expiration=st.none() | st.integers(1, 10**9),
    timestamp=st.none() | st.integers(0, 2**40),
    persistent=st.booleans(),
    headers=headers,
)


@given(message=messages)
def test_what_we_write_py_amqp_and_pamqp_read_as_we_do(message: Message) -> None:
    properties = encode_properties(message, expiration=message.expiration)
    assert decode_message(properties, message.body) == message

    theirs = amqp.basic_message.Message(message.body)
    theirs._load_properties(60, properties, 0)
    assert theirs.properties.get("message_id") == message.message_id
    assert theirs.properties.get("application_headers", {}) == dict(message.headers)
    assert theirs.properties["delivery_mode"] == (2 if message.persistent else 1)
    assert theirs._serialize_properties() == properties

    head = pamqp.header.ContentHeader()
    head.unmarshal(b"\x00\x3c\x00\x00" + len(message.body).to_bytes(8, "big") + properties)
    assert head.properties.correlation_id == message.correlation_id
    assert (head.properties.headers or {}) == dict(message.headers)


@given(
    body=st.binary(max_size=600),
    exchange=shorts,
    key=shorts,
    mandatory=st.booleans(),
    frame_max=st.integers(16, 300),
)
def test_published_frames_are_read_by_pamqp(
    body: bytes, exchange: str, key: str, mandatory: bool, frame_max: int
) -> None:
    method = frames.encode_publish_method(7, exchange, key, mandatory=mandatory)
    data = frames.encode_content(7, method, b"\x10\x00\x01", body, frame_max)
    read_back: list[Any] = []
    while data:
        count, number, frame = pamqp.frame.unmarshal(data)
        assert (number, count <= max(frame_max, 40 + len(method))) == (7, True)
        read_back.append(frame)
        data = data[count:]
    publish, head, *rest = read_back
    assert (publish.exchange, publish.routing_key, publish.mandatory) == (exchange, key, mandatory)
    assert head.body_size == len(body)
    assert b"".join(each.value for each in rest) == body


def test_settling_frames_are_read_by_pamqp() -> None:
    for data, expected in (
        (frames.encode_ack(5, 258), pamqp.commands.Basic.Ack(258, False)),
        (frames.encode_ack(5, 258, multiple=True), pamqp.commands.Basic.Ack(258, True)),
        (frames.encode_reject(5, 258, requeue=True), pamqp.commands.Basic.Reject(258, True)),
        (frames.encode_reject(5, 258, requeue=False), pamqp.commands.Basic.Reject(258, False)),
    ):
        assert data == pamqp.frame.marshal(expected, 5)


@settings(max_examples=200)
@given(messages=st.lists(messages, min_size=1, max_size=5), seed=st.integers(0, 2**32))
def test_split_and_joined_frames_give_the_same(messages: list[Message], seed: int) -> None:
    chance = random.Random(seed)
    data, cold = b"", 0
    expected: list[tuple[object, ...]] = []
    for tag, message in enumerate(messages, 1):
        properties = encode_properties(message, expiration=message.expiration)
        data += delivery(3, tag, properties, message.body, redelivered=bool(tag % 2))
        expected.append(("deliver", properties, message.body, tag, bool(tag % 2), "svc.rpc", "a.B"))
        # Between them: what goes to py-amqp, a confirm, a heartbeat, a frame for a channel that is gone.
        data += marshalled(0, pamqp.commands.Connection.Blocked("low on memory"))
        cold += 1
        data += frames.encode_ack(3, tag, multiple=True) + frames.HEARTBEAT_FRAME + frames.encode_ack(9, tag)
        expected.append(("confirm", tag, True, True))
    cuts = sorted(chance.sample(range(len(data) + 1), chance.randint(0, min(40, len(data)))))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    channel = Channel()
    passed_on = read(pieces, {3: channel})

    assert channel.events == expected
    assert len(passed_on) == cold


def test_contents_of_two_channels_may_mix() -> None:
    one, other = delivery(1, 1, b"\x00\x00", b"abc"), delivery(2, 2, b"\x00\x00", b"defg")
    # Method, header, body of each in turn, as AMQP allows.
    cut = [len(marshalled(1, pamqp.commands.Basic.Deliver("ctag", 1, False, "svc.rpc", "a.B")))]
    cut.append(cut[0] + 7 + 14 + 1)
    mixed = b"".join(
        each[start:end] for start, end in ((0, cut[0]), (cut[0], cut[1]), (cut[1], None)) for each in (one, other)
    )
    channels = {1: Channel(), 2: Channel()}
    read([mixed], channels)
    assert [event[2] for event in channels[1].events] == [b"abc"]
    assert [event[2] for event in channels[2].events] == [b"defg"]


def test_a_returned_message_carries_reason_and_key() -> None:
    method = pamqp.commands.Basic.Return(312, "NO_ROUTE", "x", "key")
    head = b"\x00\x3c\x00\x00" + (2).to_bytes(8, "big") + b"\x00\x00"
    data = marshalled(1, method) + b"\x02\x00\x01" + len(head).to_bytes(4, "big") + head + b"\xce"
    data += marshalled(1, pamqp.body.ContentBody(b"hi"))
    channel = Channel()
    read([data], {1: channel})
    assert channel.events == [("return", b"\x00\x00", b"hi", "NO_ROUTE", "key")]


def test_nacks_are_told_from_acks() -> None:
    channel = Channel()
    read([marshalled(1, pamqp.commands.Basic.Nack(4, True, False))], {1: channel})
    assert channel.events == [("confirm", 4, True, False)]


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_damaged_bytes_end_the_connection_and_nothing_else(seed: int, data: st.DataObject) -> None:
    chance = random.Random(seed)
    whole = bytearray(
        delivery(1, 1, encode_properties(Message(body=b"x", type="t"), expiration=None), b"x" * 50)
        + frames.encode_ack(1, 1)
        + delivery(1, 2, b"\x00\x00", b"")
    )
    for _ in range(data.draw(st.integers(1, 6))):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    channel = Channel()
    reader = frames.FrameReader({1: channel})
    reader.feed(bytes(whole))
    try:
        while reader.run() and reader.next_frame() is not None:
            pass
    except ConnectionError:
        return
    for event in channel.events:
        if event[0] == "deliver":
            assert isinstance(event[1], bytes)
            decode_message(event[1], b"")


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x01\x00\x00\x00\x00\x00\x00\x00", b"\xff" * 64]
)
def test_what_is_not_amqp_is_a_lost_connection(data: bytes) -> None:
    with pytest.raises(ConnectionError):
        read([data], {})


def test_of_a_body_too_big_one_byte_more_is_kept() -> None:
    channel = Channel()
    read([delivery(1, 1, b"\x00\x00", bytes(MAX_BODY_BYTES + 3_000_000))], {1: channel})
    body = channel.events[0][2]
    assert isinstance(body, bytes)
    assert len(body) == MAX_BODY_BYTES + 1
