"""Properties and headers that no generated client sends: they cost their own message at most."""

import logging
import struct
from collections.abc import Iterator

import pytest

from hostile_client import EVENT, JOB, QUEUES, RPC, HostileClient, body_of, short, table, text_entry
from recording_services import Recorder

BAD_UTF8 = b"\xff" * 255
"""Each byte may become three when it is replaced; AMQP has room for 255."""

CONTEXTS = {
    "rubbish": b"rubbish",
    "no key": b"v=1;=x",
    "no version": b"id=a",
    "another version": b"v=9;id=x",
    "a forged id": b"v=1;id=a b",
    "an endless id": b"v=1;id=" + b"a" * 10_000,
    "a forged parent": b"v=1;id=a;up=\xff",
    "no number": b"v=1;id=a;left=soon",
    "a negative time": b"v=1;id=a;left=-5",
    "too great a number": b"v=1;id=a;left=" + b"9" * 5000,
    "two commas": b"v=1;id=a;who=x,y",
    "nothing but separators": b";" * 10_000,
}
"""What the header `svc` must not hold."""

ODD_VALUES = {
    "an integer": b"I" + struct.pack(">i", -1),
    "a truth value": b"t\x01",
    "a short one": b"s" + struct.pack(">h", -3),
    "a long one": b"l" + struct.pack(">q", 2**62),
}
"""Kinds that are read as decimal text, and so are no context."""

SKIPPED_VALUES = {
    "bytes": b"x" + struct.pack(">I", 3) + b"abc",
    "nothing": b"V",
    "a table": b"F" + table(text_entry("v", b"1")),
    "a list": b"A" + struct.pack(">I", 2) + b"VV",
    "a time": b"T" + struct.pack(">Q", 2**63),
    "a float": b"d" + struct.pack(">d", 1.5),
    "a decimal": b"D\x02" + struct.pack(">i", 5),
}
"""Kinds that are skipped: the message is a root call."""


def nested(depth: int) -> bytes:
    """Return a table in a table in a table …"""
    inner = table()
    for _ in range(depth):
        inner = table(short(b"t") + b"F" + inner)
    return inner


@pytest.fixture
def served(hostile: HostileClient, recorder: Recorder) -> Iterator[None]:
    """At the end of the test the services do what is in order, and hold nothing."""
    yield
    hostile.publish(RPC, body_of(RPC, "after"))
    while hostile.answer().body != b'"after"':
        continue
    for kind in (JOB, EVENT):
        hostile.publish(kind, body_of(kind, "after"))
    hostile.wait(lambda: "after" in recorder.remembered and "after" in recorder.happened)
    assert [hostile.ready(queue) for queue in QUEUES.values()] == [0, 0, 0]


@pytest.mark.usefixtures("served")
def test_contexts_that_cannot_be_read(hostile: HostileClient, recorder: Recorder) -> None:
    """A malformed `svc` header: a request is answered InvalidRequest, a job and an event are parked; none runs."""
    headers = [table(text_entry("svc", text)) for text in CONTEXTS.values()]
    headers += [table(short(b"svc") + value) for value in ODD_VALUES.values()]
    for each in headers:
        hostile.publish(RPC, body_of(RPC, "x"), headers=each)
        assert hostile.answer().application_headers["svc-error"] == "svc.InvalidRequest"
        for kind in (JOB, EVENT):
            hostile.publish(kind, body_of(kind, "x"), headers=each)
            assert hostile.parked(kind).application_headers["svc-error"] == "svc.InvalidRequest"
    assert (recorder.asked, recorder.remembered, recorder.happened) == ([], [], [])


@pytest.mark.usefixtures("served")
def test_headers_that_mean_nothing_here_are_skipped(hostile: HostileClient, recorder: Recorder) -> None:
    """Kinds that are no text, deep tables, 100 KB of them, names in no UTF-8: the request runs all the same."""
    headers = [table(short(b"svc") + value) for value in SKIPPED_VALUES.values()]
    headers += [table(text_entry("big", b"x" * 100_000)), nested(30), table()]
    headers.append(table(text_entry("traceparent", b"\xff" * 5000), text_entry("svc-attempt", b"9" * 5000)))
    for each in headers:
        hostile.publish(RPC, body_of(RPC, "x"), headers=each)
        assert bytes(hostile.answer().body) == b'"x"'
    assert recorder.asked == ["x"] * len(headers)


@pytest.mark.usefixtures("served")
def test_headers_that_are_too_big_to_be_kept_do_not_hinder_parking(hostile: HostileClient) -> None:
    """What fails is parked, without headers of 100 KB, with names and texts in no UTF-8, with any attempt count."""
    headers = [
        table(text_entry("big", b"x" * 100_000)),
        table(text_entry("svc-attempt", b"9" * 5000), text_entry("svc-dead-at", b"\xff" * 5000)),
        table(*(short(b"k%d" % number) + b"S" + struct.pack(">I", 4) + b"\xff" * 4 for number in range(600))),
    ]
    for kind in (JOB, EVENT):
        for each in headers:
            hostile.publish(kind, b"rubbish", headers=each)
            assert hostile.parked(kind).application_headers["svc-error"] == "svc.InvalidRequest"


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("broker_url", ["rabbitmq"], indirect=True)
@pytest.mark.rabbitmq
def test_names_of_headers_in_no_utf8(hostile: HostileClient) -> None:
    """The embedded broker takes none of them. From RabbitMQ they come, and hinder neither an answer nor parking."""
    headers = table(short(BAD_UTF8) + b"S" + struct.pack(">I", 3) + b"abc", short(BAD_UTF8[1:]) + b"V")
    hostile.publish(RPC, body_of(RPC, "x"), headers=headers)
    assert bytes(hostile.answer().body) == b'"x"'
    for kind in (JOB, EVENT):
        hostile.publish(kind, b"rubbish", headers=headers)
        assert hostile.parked(kind).application_headers["svc-error"] == "svc.InvalidRequest"


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("name", ["correlation_id", "message_id", "type", "app_id", "content_type"])
def test_texts_in_no_utf8_are_answered_and_parked(hostile: HostileClient, name: str) -> None:
    """255 bytes that are no UTF-8 in any property: more often than there are workers, and none is lost by it."""
    for _ in range(5):
        hostile.publish(RPC, b"rubbish", **{name: short(BAD_UTF8)})
        assert hostile.answer().application_headers["svc-error"] in ("svc.InvalidRequest", "svc.UnknownMethod")
        hostile.publish(RPC, body_of(RPC, "x"), **{name: short(BAD_UTF8)})
        hostile.answer()
        for kind in (JOB, EVENT):
            hostile.publish(kind, b"rubbish", **{name: short(BAD_UTF8)})
            assert hostile.parked(kind).application_headers["svc-error"] == "svc.InvalidRequest"


@pytest.mark.usefixtures("served")
def test_methods_that_do_not_exist(hostile: HostileClient, recorder: Recorder) -> None:
    """An unknown or missing method: UnknownMethod for a request, parked for a job or an event of another name."""
    for name in (b"nothing", b"remember", b"__init__", b"ask\x00", b"", b"x" * 255, None):
        given = None if name is None else short(name)
        hostile.publish(RPC, body_of(RPC, "x"), type=given)
        assert hostile.answer().application_headers["svc-error"] == "svc.UnknownMethod"
        if name != b"remember":
            hostile.publish(JOB, body_of(JOB, "x"), type=given)
            assert hostile.parked(JOB).application_headers["svc-error"] == "svc.InvalidRequest"
        if name is not None:
            hostile.publish(EVENT, body_of(EVENT, "x"), type=given)
            assert hostile.parked(EVENT).application_headers["svc-error"] == "svc.InvalidRequest"
    assert (recorder.asked, recorder.remembered, recorder.happened) == ([], [], [])


@pytest.mark.usefixtures("served")
def test_reply_queues_that_are_forged_or_missing(
    hostile: HostileClient, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    """A `reply_to` that no broker named is not written to: the request is dropped with a line in the log, unrun."""
    forged = [
        None,
        *QUEUES.values(),
        "svc.dead.probe.v1.Probe",
        "",
        "amq.gen-",
        "amq.gen-x\n",
        "amq.gen-a/b",
        "x" * 255,
    ]
    with caplog.at_level(logging.WARNING):
        for name in forged:
            hostile.publish(RPC, body_of(RPC, "x"), reply_to=None if name is None else short(name.encode()))
        hostile.publish(RPC, body_of(RPC, "x"), reply_to=short(BAD_UTF8))
        # Nobody's, though it looks like one: the reply is lost, and nothing else.
        hostile.publish(RPC, body_of(RPC, "unheard"), reply_to=short(b"amq.gen-nobody"))
        hostile.wait(lambda: recorder.asked == ["unheard"])
    assert sum("names no reply queue" in record.getMessage() for record in caplog.records) == len(forged) + 1
    assert recorder.remembered == []


@pytest.mark.usefixtures("served")
def test_the_same_message_twice(hostile: HostileClient, recorder: Recorder) -> None:
    """Two messages of one `message_id`, neither redelivered: both are done, both are settled, both are answered."""
    for kind in (RPC, JOB, EVENT):
        for _ in range(4):
            hostile.publish(kind, body_of(kind, "twin"), message_id=short(b"twin"))
    for _ in range(4):
        assert bytes(hostile.answer().body) == b'"twin"'
    hostile.wait(lambda: [len(each) for each in (recorder.remembered, recorder.happened)] == [4, 4])
    assert recorder.asked == ["twin"] * 4
