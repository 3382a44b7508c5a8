"""What the rpc entrypoint does with requests that no generated client would send."""

import logging
import time
from collections.abc import Iterator
from typing import Any

import amqp
import pytest

import svcrt
from amqp_client import ForeignClient, connect
from probe_services import Probe
from probe_v1 import ProbeClient, Refusal
from svcrt.embedded import EmbeddedBroker
from svcrt.errors import BrokerUnavailable, InternalError, NotSent, PermissionDenied, RpcTimeout
from svcrt.testing import running

SERVICE = "probe.v1.Probe"


class Raw(ForeignClient):
    """Sends requests to the probe."""

    def send(self, body: bytes, **properties: Any) -> None:
        properties = {
            "content_type": "application/json",
            "type": "ask",
            "correlation_id": "7",
            "message_id": "m-1",
            "reply_to": self.queue,
            **properties,
        }
        kept = {key: value for key, value in properties.items() if value is not None}
        self.channel.basic_publish(amqp.Message(body, **kept), exchange="svc.rpc", routing_key=SERVICE)


@pytest.fixture
def raw(broker_url: str) -> Iterator[Raw]:
    client = Raw(broker_url)
    yield client
    client.close()


@pytest.mark.parametrize(
    ("body", "properties", "path"),
    [
        (b"{", {}, "$"),
        (b'{"question": 5}', {}, "$.question"),
        (b"{}", {}, "$.question"),
        (b'{"question": "' + b"x" * 100_001 + b'"}', {}, "$.question"),
        (b"[" * 100_000, {}, "$"),
        (b'{"question": "x"}', {"content_type": "application/x-python-serialize"}, "$.properties.content_type"),
        (b'{"question": "x"}', {"content_type": None}, "$.properties.content_type"),
        (b'{"question": "x"}', {"content_encoding": "gzip"}, "$.properties.content_encoding"),
        (b'{"question": "x"}', {"application_headers": {"svc": "v=9;id=x"}}, "$.headers.svc"),
        (b'{"question": "x"}', {"application_headers": {"svc": "rubbish"}}, "$.headers.svc"),
    ],
)
def test_a_malformed_request_is_answered_and_logged_once(
    broker_url: str, raw: Raw, body: bytes, properties: dict[str, Any], path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running(Probe, broker=broker_url), svcrt.connect(broker_url) as cluster:
        raw.send(body, **properties)
        answer = raw.next()
        assert answer.application_headers["svc-error"] == "svc.InvalidRequest"
        assert answer.properties["correlation_id"] == "7"
        assert path.replace("$.properties", "$properties").replace("$.headers", "$headers") in answer.body.decode()
        warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warnings) == 1
        assert warnings[0].exc_info is None
        assert ProbeClient(cluster).ask(question="still here") == "still here"


def test_a_foreign_client_without_our_headers_is_served(broker_url: str, raw: Raw) -> None:
    with running(Probe, broker=broker_url):
        raw.send(b'{"question": "hello", "unknown": [1]}')
        answer = raw.next()
        assert answer.body == b'"hello"'
        assert "svc-error" not in answer.properties.get("application_headers", {})


@pytest.mark.parametrize("reply_to", [None, "svc.job.probe.v1.Probe"])
def test_a_forged_or_missing_reply_queue_is_refused(
    broker_url: str, raw: Raw, reply_to: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []

    class Counting(Probe):
        def ask(self, *, question: str) -> str:
            ran.append(question)
            return question

    with running(Counting, broker=broker_url), svcrt.connect(broker_url) as cluster:
        raw.send(b'{"question": "forged"}', reply_to=reply_to)
        # The queue is worked on in order.
        assert ProbeClient(cluster).ask(question="after") == "after"
        assert ran == ["after"]

        assert sum("names no reply queue" in record.getMessage() for record in caplog.records) == 1
        jobs = raw.channel.queue_declare("svc.job.probe.v1.Probe", passive=True)
        assert jobs.message_count == 0


def test_a_request_that_expired_does_not_run(broker_url: str, raw: Raw) -> None:
    with running(Probe, broker=broker_url):
        raw.send(b'{"question": "late"}', application_headers={"svc": "v=1;id=a-1;left=0"})
        assert raw.next().application_headers["svc-error"] == "svc.DeadlineExceeded"


def test_a_redelivered_request_runs_again_only_if_idempotent(broker_url: str, raw: Raw) -> None:
    with running(Probe, broker=broker_url):
        pass
    for number, (method, body) in enumerate((("ask", b'{"question": "a"}'), ("again", b'{"question": "b"}'))):
        raw.send(body, type=method, message_id=f"m-{number}", correlation_id=str(number))
    # Taken and given back by somebody who died.
    other = connect(broker_url)
    channel = other.channel()
    taken = 0
    while taken < 2:
        taken += channel.basic_get("svc.rpc.probe.v1.Probe") is not None
    other.close()
    with running(Probe, broker=broker_url):
        answers = {}
        for _ in range(2):
            answer = raw.next()
            answers[answer.properties["correlation_id"]] = answer
    assert answers["0"].application_headers["svc-error"] == "svc.OutcomeUnknown"
    assert answers["1"].body == b'{"question":"b","answer":"b"}'


def test_an_error_that_cannot_be_written_is_answered_and_holds_no_place(broker_url: str) -> None:
    class Bare(Refusal):
        def __init__(self) -> None:
            """Without the fields."""

    class Mute(PermissionDenied):
        def __str__(self) -> str:
            raise ValueError

    class Refusing(Probe):
        def ask(self, *, question: str) -> str:
            raise Bare if question == "bare" else Mute("no")

    with running(Refusing, broker=broker_url), svcrt.connect(broker_url) as cluster:
        client = ProbeClient(cluster)
        # More than may be unacknowledged at a time.
        for _ in range(15):
            with pytest.raises(InternalError, match="InvalidValue"):
                client.ask(question="bare", timeout=20)
        with pytest.raises(PermissionDenied, match="Mute"):
            client.ask(question="mute", timeout=20)


def test_a_call_and_its_end_do_not_wait_for_an_alarm(embedded_broker: EmbeddedBroker) -> None:
    cluster = svcrt.connect(embedded_broker.url)
    client = ProbeClient(cluster)
    with running(Probe, broker=embedded_broker.url):
        assert client.ask(question="first", timeout=20) == "first"
        embedded_broker.faults.alarm()
        try:
            with pytest.raises((BrokerUnavailable, RpcTimeout, NotSent)):
                client.ask(question="second", timeout=0.5)
            began = time.monotonic()
            cluster.close()
            # A broker under an alarm answers nothing; waiting for it would take thirty seconds.
            assert time.monotonic() - began < 15
        finally:
            embedded_broker.faults.alarm(False)
