"""A job or an event that fails is tried again, as often and as late as its contract says, and then parked."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import amqp
import pytest

import svcrt
from probe_services import wait_until
from probe_v1 import Happened, ProbeClient, contract
from rabbitmq_node import RabbitMQNode
from retrying_services import DEAD_EVENTS, DEAD_JOBS, JOBS, POOL, QUICK, SINGLETON, Log, Look, events, jobs, looking
from svcrt.concurrency import Backend
from svcrt.contract import Retry
from svcrt.errors import Fault, InvalidValue
from svcrt.retries import JITTER
from svcrt.testing import running


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Iterator[Look]:
    name = "broker_url" if "broker_url" in request.fixturenames else "embedded_broker_url"
    with looking(request.getfixturevalue(name)) as look:
        yield look


def test_a_job_that_fails_is_tried_again_until_it_works(broker_url: str, look: Look, concurrency: Backend) -> None:
    log = Log()

    class Recovering(jobs(QUICK)):  # type: ignore[misc] # a class made for this test
        def remember(self, *, text: str) -> None:
            call = self.context.call
            log.note((self.attempt, text, call.call_id, call.traceparent, time.monotonic()))
            if self.attempt < 4:
                raise LookupError(text)

    with (
        running(Recovering, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        ProbeClient(cluster).remember(text="this")
        wait_until(lambda: len(log.entries) == 4, concurrency)
        wait_until(lambda: look.count(JOBS) == 0, concurrency)
    assert [entry[:2] for entry in log.entries] == [(attempt, "this") for attempt in (1, 2, 3, 4)]
    assert len({entry[2:4] for entry in log.entries}) == 1, "the call id or the trace changed on the way"
    for before, after, delay in zip(log.entries, log.entries[1:], (0.05, 0.1, 0.1), strict=False):
        assert after[4] - before[4] >= delay * (1 - JITTER)
    assert [look.count(queue) for queue in (JOBS, DEAD_JOBS, "svc.retry.50ms", "svc.retry.100ms")] == [0, 0, 0, 0]


def test_what_fails_to_the_last_is_parked_with_its_history(broker_url: str, look: Look, concurrency: Backend) -> None:
    class Failing(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            raise LookupError(f"{text} {self.attempt}")

    with (
        running(Failing, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        ProbeClient(cluster).remember(text="this")
        parked = look.take(DEAD_JOBS, concurrency)
    headers = parked.application_headers
    assert parked.body == b'{"text":"this"}'
    assert parked.properties["delivery_mode"] == 2
    assert parked.properties["message_id"] in headers["svc"]
    assert "expiration" not in parked.properties
    assert {name: headers[name] for name in ("svc-error", "svc-attempt", "svc-dead-reason", "svc-dead-queue")} == {
        "svc-error": "LookupError",
        "svc-attempt": "4",
        "svc-dead-reason": "LookupError: this 4",
        "svc-dead-queue": JOBS,
    }
    assert headers["svc-dead-route"] == "svc.job/probe.v1.Probe"
    first, last = (datetime.fromisoformat(headers[name]) for name in ("svc-dead-first", "svc-dead-at"))
    assert (last - first).total_seconds() >= 0.25 * (1 - JITTER)
    assert not [name for name in headers if name.startswith("x-")]


def test_each_handler_of_an_event_has_its_own_attempts(broker_url: str, look: Look) -> None:
    log = Log()

    class Failing(events(QUICK)):  # type: ignore[misc] # as above
        def on_pool(self, event: Happened) -> None:
            log.note(("pool", self.attempt))
            raise LookupError(event.what)

        def on_broadcast(self, event: Happened) -> None:
            log.note(("broadcast", self.attempt))

        def on_singleton(self, event: Happened) -> None:
            log.note(("singleton", self.attempt))
            if self.attempt == 1:
                raise LookupError(event.what)

    with running(Failing, broker=broker_url), svcrt.connect(broker_url) as cluster:
        cluster.emit(contract.HAPPENED, Happened(what="x"))
        parked = look.take(DEAD_EVENTS)
        wait_until(lambda: ("singleton", 2) in log.entries)
    assert parked.application_headers["svc-dead-queue"] == POOL
    assert parked.application_headers["svc-dead-route"] == "svc.event/probe.v1.Happened"
    assert sorted(log.entries) == [
        ("broadcast", 1),
        *(("pool", attempt) for attempt in (1, 2, 3, 4)),
        ("singleton", 1),
        ("singleton", 2),
    ]
    assert [look.count(queue) for queue in (POOL, SINGLETON, DEAD_EVENTS)] == [0, 0, 0]


def test_a_broadcast_is_tried_again_where_it_failed(broker_url: str, look: Look, concurrency: Backend) -> None:
    log = Log()

    def instance(name: str, last: int) -> Any:
        class Hearing(events(QUICK)):  # type: ignore[misc] # as above
            def on_broadcast(self, event: Happened) -> None:
                log.note((name, self.attempt, self.context.call.call_id))
                if self.attempt <= last:
                    raise LookupError(name)

        return running(Hearing, broker=broker_url, concurrency=concurrency.name)

    with (
        instance("well", 0),
        instance("recovering", 2),
        instance("failing", 9),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        cluster.emit(contract.HAPPENED, Happened(what="x"))
        parked = look.take(DEAD_EVENTS, concurrency)
        wait_until(lambda: len(log.entries) == 8, concurrency)
    assert sorted(entry[:2] for entry in log.entries) == [
        *(("failing", attempt) for attempt in (1, 2, 3, 4)),
        *(("recovering", attempt) for attempt in (1, 2, 3)),
        ("well", 1),
    ]
    assert {entry[2] for entry in log.entries} == {parked.properties["message_id"]}
    headers = parked.application_headers
    assert (headers["svc-attempt"], headers["svc-dead-route"]) == ("4", "svc.event/probe.v1.Happened")
    assert headers["svc-dead-queue"] == "the broadcast of probe.v1.Happened"


def test_the_worker_is_free_while_a_job_waits(broker_url: str, concurrency: Backend) -> None:
    log = Log()

    class Failing(jobs(Retry(attempts=1, backoff_from=2.0, backoff_to=2.0))):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note((text, self.attempt))
            if text == "slow" and self.attempt == 1:
                raise LookupError(text)

    with (
        running(Failing, broker=broker_url, concurrency=concurrency.name, max_workers=1),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        probe = ProbeClient(cluster)
        probe.remember(text="slow")
        for number in range(5):
            probe.remember(text=str(number))
        wait_until(lambda: len(log.entries) == 7, concurrency)
    assert log.entries == [("slow", 1), *((str(number), 1) for number in range(5)), ("slow", 2)]


def test_concurrency_holds_for_what_comes_back(broker_url: str, concurrency: Backend) -> None:
    log, running_now, most = Log(), [0], [0]

    class Single(jobs(QUICK, concurrency=1)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            running_now[0] += 1
            most[0] = max(most[0], running_now[0])
            concurrency.sleep(0.01)
            running_now[0] -= 1
            log.note(text)
            if self.attempt == 1:
                raise LookupError(text)

    with (
        running(Single, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        for number in range(10):
            ProbeClient(cluster).remember(text=str(number))
        wait_until(lambda: len(log.entries) == 20, concurrency)
    assert most == [1]


def test_a_job_that_waits_survives_its_service(broker_url: str, look: Look) -> None:
    log = Log()

    class Failing(jobs(Retry(attempts=1, backoff_from=0.5, backoff_to=0.5))):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note(self.attempt)
            if self.attempt == 1:
                raise LookupError(text)

    with svcrt.connect(broker_url) as cluster:
        with running(Failing, broker=broker_url):
            ProbeClient(cluster).remember(text="this")
            wait_until(lambda: log.entries)
        with running(Failing, broker=broker_url):
            wait_until(lambda: log.entries == [1, 2])
        wait_until(lambda: look.count(JOBS) == 0)


def test_what_comes_back_to_a_queue_that_is_gone_is_parked(broker_url: str, look: Look) -> None:
    log = Log()

    class Failing(events(Retry(attempts=1, backoff_from=1.0, backoff_to=1.0))):  # type: ignore[misc] # as above
        def on_singleton(self, event: Happened) -> None:
            log.note(event.what)
            raise LookupError(event.what)

    with svcrt.connect(broker_url) as cluster, running(Failing, broker=broker_url):
        cluster.emit(contract.HAPPENED, Happened(what="x"))
        wait_until(lambda: log.entries)
    look.channel.queue_delete(SINGLETON)
    parked = look.take(DEAD_EVENTS)
    headers = parked.application_headers
    assert (headers["svc-error"], headers["svc-attempt"], headers["svc-dead-queue"]) == ("LookupError", "1", SINGLETON)
    assert headers["svc-dead-route"] == "svc.event/probe.v1.Happened"


def test_a_failure_is_kept_until_the_broker_takes_it(
    broker_url: str, look: Look, concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    log = Log()

    class Failing(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note(self.attempt)
            if self.attempt == 1:
                raise LookupError(text)

    with (
        running(Failing, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        look.channel.exchange_delete("svc.retry.50ms")
        look.channel.queue_delete("svc.retry.50ms")
        probe = ProbeClient(cluster)
        probe.remember(text="this")
        wait_until(lambda: "cannot be tried again later" in caplog.text, concurrency)
        assert probe.ask(question="alive") == "alive"
        # What was missing is declared anew. The handler has run once for each attempt.
        wait_until(lambda: len(log.entries) == 2, concurrency)
        wait_until(lambda: look.count(JOBS) == 0, concurrency)
    assert log.entries == [1, 2]
    assert caplog.text.count("cannot be tried again later") == 1


@pytest.mark.rabbitmq
def test_what_waits_survives_a_crash_of_the_broker(fault_node: RabbitMQNode) -> None:
    log = Log()

    class Failing(jobs(Retry(attempts=1, backoff_from=5.0, backoff_to=5.0))):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note((text, self.attempt))
            if self.attempt == 1:
                raise LookupError(text)

    url = fault_node.fresh_vhost()
    sent = {str(number) for number in range(20)}
    with running(Failing, broker=url, ready_within=30), svcrt.connect(url) as cluster:
        for text in sent:
            ProbeClient(cluster).remember(text=text)
        wait_until(lambda: len(log.entries) >= len(sent))
        fault_node.restart()
        wait_until(lambda: {text for text, attempt in log.entries if attempt > 1} == sent, within=90)
        with looking(url) as look:
            wait_until(lambda: look.count(JOBS) + look.count(f"svc.suspect.{JOBS}") == 0)
            assert look.count(DEAD_JOBS) == 0


def test_a_parked_job_that_an_operator_sends_back_begins_anew(broker_url: str, look: Look) -> None:
    log = Log()

    class Failing(jobs(Retry(attempts=1, backoff_from=0.05, backoff_to=0.05))):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note(self.attempt)
            raise LookupError(text)

    with running(Failing, broker=broker_url), svcrt.connect(broker_url) as cluster:
        ProbeClient(cluster).remember(text="this")
        parked = look.take(DEAD_JOBS)
        headers = parked.application_headers
        kept = {name: headers[name] for name in ("svc", "traceparent")}
        copy = amqp.Message(parked.body, application_headers=kept, **_without_headers(parked.properties))
        look.channel.basic_publish(copy, exchange="svc.back", routing_key=headers["svc-dead-queue"])
        again = look.take(DEAD_JOBS)
    assert log.entries == [1, 2, 1, 2]
    assert again.properties["message_id"] == parked.properties["message_id"]
    for name in ("svc-attempt", "svc-dead-route", "svc-dead-queue"):
        assert again.application_headers[name] == headers[name]


def test_a_value_that_a_handler_refuses_is_a_failure_like_any_other(embedded_broker_url: str, look: Look) -> None:
    class Failing(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            raise InvalidValue((Fault("$.amount", "what it sends breaks a contract"),))

    with running(Failing, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        ProbeClient(cluster).remember(text="this")
        headers = look.take(DEAD_JOBS).application_headers
    assert (headers["svc-error"], headers["svc-attempt"]) == ("InvalidValue", "4")


def test_a_job_without_room_for_our_headers_is_parked(
    embedded_broker_url: str, look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            raise LookupError(text)

    with running(Failing, broker=embedded_broker_url):
        message = amqp.Message(
            b'{"text":"x"}',
            content_type="application/json",
            type="remember",
            application_headers={"padding": "x" * (16 * 1024 - 20)},
        )
        look.channel.basic_publish(message, exchange="svc.job", routing_key="probe.v1.Probe")
        headers = look.take(DEAD_JOBS).application_headers
    assert (headers["svc-error"], headers["svc-attempt"]) == ("LookupError", "1")
    assert "cannot be tried again" in caplog.text


def _without_headers(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "application_headers"}
