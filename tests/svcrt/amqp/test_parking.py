"""Jobs and events that fail, or that cannot be read, are parked with what a person needs to know; none is lost."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import amqp
import pytest

import svcrt
from amqp_client import connect
from probe_services import Listener, Probe, wait_until
from probe_v1 import Happened, ProbeClient, contract
from svcrt.amqp.parking import Poison, describe, describe_retry, describe_suspect, tried
from svcrt.concurrency import Backend
from svcrt.errors import Fault, InvalidValue
from svcrt.testing import running
from svcrt.types import Message
from svcrt.wire import MAX_BODY_BYTES, MAX_HEADER_BYTES, check_sending


def take(channel: Any, queue: str) -> Any:
    """The next message of a queue, waited for."""
    found: list[Any] = []

    def get() -> bool:
        message = channel.basic_get(queue, no_ack=True)
        if message is not None:
            found.append(message)
        return bool(found)

    wait_until(get)
    return found[0]


@pytest.fixture
def raw(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A foreign connection to the test's broker."""
    name = "broker_url" if "broker_url" in request.fixturenames else "embedded_broker_url"
    connection = connect(request.getfixturevalue(name))
    yield connection
    connection.close()


def count(channel: Any, queue: str) -> int:
    return int(channel.queue_declare(queue, passive=True).message_count)


def test_a_job_runs_in_the_background(broker_url: str, concurrency: Backend) -> None:
    done: list[str] = []

    class Remembering(Probe):
        def remember(self, *, text: str) -> None:
            done.append(text)

    with (
        running(Remembering, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        ProbeClient(cluster).remember(text="this")
        wait_until(lambda: done, concurrency)
    assert done == ["this"]


def test_a_job_that_fails_is_parked(
    broker_url: str, raw: Any, concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Probe):
        def remember(self, *, text: str) -> None:
            raise LookupError(f"cannot\nremember {text}")

    with (
        running(Failing, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        ProbeClient(cluster).remember(text="this")
        probe = ProbeClient(cluster)
        wait_until(lambda: any("LookupError" in record.getMessage() for record in caplog.records), concurrency)
        assert probe.ask(question="alive") == "alive"
    parked = take(raw.channel(), "svc.dead.probe.v1.Probe")
    headers = parked.application_headers
    assert parked.body == b'{"text":"this"}'
    assert parked.properties["type"] == "remember"
    assert parked.properties["delivery_mode"] == 2
    assert headers["svc-error"] == "LookupError"
    assert headers["svc-attempt"] == "1"
    assert headers["svc-dead-reason"] == "LookupError: cannot remember this"
    assert headers["svc-dead-queue"] == "svc.job.probe.v1.Probe"
    assert headers["svc-dead-route"] == "svc.job/probe.v1.Probe"
    assert datetime.fromisoformat(headers["svc-dead-at"]).tzinfo is not None
    assert headers["svc"].startswith("v=1;id=")
    assert count(raw.channel(), "svc.job.probe.v1.Probe") == 0
    assert sum("LookupError" in record.getMessage() for record in caplog.records) == 1


def test_an_event_that_fails_is_parked_per_handler(broker_url: str, raw: Any) -> None:
    class Failing(Listener):
        def on_pool(self, event: Happened) -> None:
            raise LookupError(event.what)

    with running(Failing, broker=broker_url), svcrt.connect(broker_url) as cluster:
        cluster.emit(contract.HAPPENED, Happened(what="x"))
        parked = take(raw.channel(), "svc.dead.probe.v1.Listener")
        assert parked.application_headers["svc-dead-queue"] == "svc.event.probe.v1.Happened--probe.v1.Listener.on_pool"
        assert parked.application_headers["svc-dead-route"] == "svc.event/probe.v1.Happened"
        assert count(raw.channel(), "svc.dead.probe.v1.Listener") == 0


@pytest.mark.parametrize(
    ("body", "properties"),
    [
        (b"\xff\xfe", {"content_type": "application/json"}),
        (b'{"text": 5}', {"content_type": "application/json"}),
        (b"{}", {}),
        (b'{"text": "x"}', {"content_type": "application/json", "content_encoding": "bzip2"}),
    ],
)
def test_an_unreadable_job_is_parked_and_logged_once(
    broker_url: str, raw: Any, body: bytes, properties: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with running(Probe, broker=broker_url), svcrt.connect(broker_url) as cluster:
        channel = raw.channel()
        channel.basic_publish(
            amqp.Message(body, type="remember", **properties), exchange="svc.job", routing_key="probe.v1.Probe"
        )
        parked = take(channel, "svc.dead.probe.v1.Probe")
        assert parked.application_headers["svc-error"] == "svc.InvalidRequest"
        assert ProbeClient(cluster).ask(question="alive") == "alive"
        assert sum(record.levelno >= logging.WARNING for record in caplog.records) == 1


def test_what_cannot_be_parked_stays(embedded_broker_url: str, raw: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Probe):
        def remember(self, *, text: str) -> None:
            raise LookupError(text)

    channel = raw.channel()
    with running(Failing, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        channel.queue_delete("svc.dead.probe.v1.Probe")
        ProbeClient(cluster).remember(text="this")
        wait_until(lambda: any("cannot be parked" in record.getMessage() for record in caplog.records))
        # A second attempt, after a pause, is parked again or not, but the message is somewhere.
        channel.queue_declare("svc.dead.probe.v1.Probe", durable=True, auto_delete=False)
        channel.queue_bind("svc.dead.probe.v1.Probe", "svc.dead", "probe.v1.Probe")
        assert take(channel, "svc.dead.probe.v1.Probe").body == b'{"text":"this"}'
        assert sum("cannot be parked" in record.getMessage() for record in caplog.records) <= 3


def test_the_headers_of_each_copy() -> None:
    """As docs/wire.md lists them, in that order."""
    came = Message(
        body=b"{}",
        message_id="m",
        expiration=5,
        headers={
            "svc": "v=1;id=m;auth=Bearer%20x",
            "traceparent": "t",
            "svc-error": "forged",
            "svc-dead-queue": "forged",
            "x-first-death-queue": "svc.retry.1s",
            "own": "1",
        },
    )
    route = ("svc.job", "x")
    history = {"svc-dead-route": "svc.job/x"}
    waiting = describe_retry(came, LookupError("a\nb"), queue="svc.job.x", route=route)
    assert list(waiting.headers) == [
        *("svc", "traceparent", "own", "svc-error", "svc-attempt"),
        *("svc-dead-reason", "svc-dead-first", "svc-dead-at", "svc-dead-queue", "svc-dead-route"),
    ]
    assert (waiting.headers["svc"], waiting.headers["svc-error"]) == ("v=1;id=m", "LookupError")
    assert (waiting.headers["svc-attempt"], waiting.headers["svc-dead-reason"]) == ("1", "LookupError: a b")
    assert (waiting.message_id, waiting.persistent, waiting.expiration) == ("m", True, None)

    suspect = describe_suspect(waiting, route=("", "svc.job.x"))
    assert list(suspect.headers)[3:] == ["svc-attempt", "svc-crashes", "svc-dead-first", "svc-dead-route"]
    assert suspect.headers.items() >= {"svc-attempt": "1", "svc-crashes": "1", **history}.items()
    assert suspect.headers["svc-dead-first"] == waiting.headers["svc-dead-first"]

    again = describe_suspect(suspect, route=("", "svc.suspect.svc.job.x"))
    parked = describe(again, Poison("three died"), queue="svc.job.x", route=("", "svc.suspect.svc.job.x"))
    assert parked.headers["svc-attempt"] == "4"
    assert parked.headers["svc-error"] == "svc.Poison"
    assert parked.headers.items() >= history.items()
    assert parked.headers["svc-dead-first"] == waiting.headers["svc-dead-first"]
    assert "svc-crashes" not in parked.headers


@pytest.mark.parametrize("text", ["-1", "1.5", "", "x", "999999999", "\u0663"])
def test_a_count_that_is_none_is_nothing(text: str) -> None:
    assert tried(Message(body=b"", headers={"svc-attempt": text})) == 0


def test_an_oversized_message_is_parked_in_part() -> None:
    headers = {f"x{number}": "y" * 1000 for number in range(100)}
    parked = describe(
        Message(body=b"x" * (MAX_BODY_BYTES + 1), headers=headers, message_id="m"),
        InvalidValue((Fault("$", "too big"),)),
        queue="svc.job.x",
        route=("svc.job", "x"),
    )
    check_sending(parked, exchange="svc.dead", routing_key="x")
    assert parked.headers["svc-dead-cut"] == str(MAX_BODY_BYTES + 1)
    assert len(parked.body) == 64 * 1024
    assert sum(len(key) + len(value) for key, value in parked.headers.items()) < MAX_HEADER_BYTES
