"""What comes back without an outcome is run one at a time from a suspect queue, counted, and never lost."""

import threading
from collections.abc import Iterator
from typing import Any

import amqp
import pytest

import svcrt
from amqp_client import connect
from probe_services import wait_until
from probe_v1 import Happened, ProbeClient
from retrying_services import DEAD_JOBS, JOBS, POOL, QUICK, Log, Look, events, jobs, looking
from svcrt.concurrency import Backend
from svcrt.embedded import EmbeddedBroker
from svcrt.testing import running

SUSPECT_JOBS = f"svc.suspect.{JOBS}"
SUSPECT_POOL = f"svc.suspect.{POOL}"


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Iterator[Look]:
    name = "broker_url" if "broker_url" in request.fixturenames else "embedded_broker_url"
    with looking(request.getfixturevalue(name)) as look:
        yield look


def job(text: str, **headers: str) -> amqp.Message:
    return amqp.Message(
        f'{{"text":"{text}"}}'.encode(),
        content_type="application/json",
        type="remember",
        message_id=text,
        delivery_mode=2,
        application_headers=headers,
    )


def event(what: str) -> amqp.Message:
    return amqp.Message(f'{{"what":"{what}"}}'.encode(), content_type="application/json", message_id=what)


def message(kind: str, text: str) -> amqp.Message:
    return job(text) if kind == "job" else event(text)


def put(look: Look, url: str, queue: str, *messages: Any) -> None:
    """Put messages into a queue and have somebody take them who goes away without an answer."""
    for each in messages:
        look.channel.basic_publish(each, routing_key=queue)
    wait_until(lambda: look.count(queue) == len(messages))
    stranger = connect(url)
    channel = stranger.channel()
    for _ in messages:
        assert channel.basic_get(queue) is not None
    stranger.close()
    wait_until(lambda: look.count(queue) == len(messages))


def all_empty(look: Look, *queues: str) -> bool:
    return not any(look.count(queue) for queue in queues)


def test_what_came_back_is_run_from_the_suspect_queue(
    broker_url: str, look: Look, concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    log = Log()

    class Noting(jobs(QUICK)):  # type: ignore[misc] # a class made for this test
        def remember(self, *, text: str) -> None:
            log.note((text, self.attempt))

    with running(Noting, broker=broker_url, concurrency=concurrency.name):
        pass
    put(look, broker_url, JOBS, job("one"), job("two"))
    with running(Noting, broker=broker_url, concurrency=concurrency.name):
        wait_until(lambda: len(log.entries) == 2, concurrency)
        wait_until(lambda: all_empty(look, JOBS, SUSPECT_JOBS), concurrency)
    assert log.entries == [("one", 2), ("two", 2)]
    assert caplog.text.count("came back without an outcome") == 2
    assert all_empty(look, JOBS, SUSPECT_JOBS, DEAD_JOBS)


def test_the_third_crash_parks_without_a_run(broker_url: str, look: Look, concurrency: Backend) -> None:
    log = Log()

    class Noting(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note((text, self.attempt))

    with running(Noting, broker=broker_url, concurrency=concurrency.name):
        pass
    first = "2026-01-02T03:04:05.678+00:00"
    route = {"svc-dead-first": first, "svc-dead-route": "svc.job/probe.v1.Probe"}
    second, third = job("second", **{"svc-crashes": "1"}, **route), job("third", **{"svc-crashes": "2"}, **route)
    put(look, broker_url, SUSPECT_JOBS, second, third)
    with running(Noting, broker=broker_url, concurrency=concurrency.name):
        parked = look.take(DEAD_JOBS, concurrency)
        wait_until(lambda: log.entries, concurrency)
        wait_until(lambda: all_empty(look, JOBS, SUSPECT_JOBS), concurrency)
    assert log.entries == [("second", 3)]
    assert look.count(DEAD_JOBS) == 0
    headers = parked.application_headers
    assert parked.properties["message_id"] == "third"
    assert (headers["svc-error"], headers["svc-attempt"]) == ("svc.Poison", "3")
    assert (headers["svc-dead-queue"], headers["svc-dead-first"]) == (JOBS, first)
    assert headers["svc-dead-reason"].startswith("svc.Poison: 3 processes ended, or lost their connection, while")


def test_a_suspect_that_merely_fails_has_its_attempts(broker_url: str, look: Look) -> None:
    log = Log()

    class Failing(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note(self.attempt)
            raise LookupError(text)

    with running(Failing, broker=broker_url):
        pass
    put(look, broker_url, JOBS, job("one"))
    with running(Failing, broker=broker_url):
        headers = look.take(DEAD_JOBS).application_headers
    # The crash counts for the first of them only: it is over once the handler has come to an end.
    assert log.entries == [2, 2, 3, 4]
    assert (headers["svc-error"], headers["svc-attempt"], headers["svc-dead-queue"]) == ("LookupError", "4", JOBS)
    assert "svc-crashes" not in headers


def test_suspects_of_all_queues_run_one_at_a_time(broker_url: str, look: Look, concurrency: Backend) -> None:
    log, running_now, most = Log(), [0], [0]

    def work(text: str) -> None:
        running_now[0] += 1
        most[0] = max(most[0], running_now[0])
        concurrency.sleep(0.01)
        running_now[0] -= 1
        log.note(text)

    class Remembering(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            work(text)

    class Hearing(events(QUICK)):  # type: ignore[misc] # as above
        def on_pool(self, event: Happened) -> None:
            work(event.what)

    def host() -> Any:
        return running(Remembering, Hearing, broker=broker_url, concurrency=concurrency.name)

    with host():
        pass
    put(look, broker_url, JOBS, *(job(f"job {number}") for number in range(6)))
    put(look, broker_url, POOL, *(event(f"event {number}") for number in range(6)))
    with host():
        wait_until(lambda: len(log.entries) == 12, concurrency)
        wait_until(lambda: all_empty(look, JOBS, POOL, SUSPECT_JOBS, SUSPECT_POOL), concurrency)
    assert most == [1]
    assert sorted(log.entries) == sorted(f"{kind} {number}" for kind in ("job", "event") for number in range(6))


@pytest.mark.parametrize("blocking", ["job", "event"])
def test_nothing_of_other_suspects_is_held_while_one_runs(broker_url: str, look: Look, blocking: str) -> None:
    """Whoever dies now takes no other suspect with it: all of them lie in their queues."""
    begun, go_on, log = threading.Event(), threading.Event(), Log()

    def work(text: str) -> None:
        log.note(text)
        begun.set()
        assert go_on.wait(30)

    class Remembering(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            work(text)

    class Hearing(events(QUICK)):  # type: ignore[misc] # as above
        def on_pool(self, event: Happened) -> None:
            work(event.what)

    with running(Remembering, Hearing, broker=broker_url):
        pass
    names = {"job": SUSPECT_JOBS, "event": SUSPECT_POOL}
    other = next(name for name in names if name != blocking)
    look.channel.basic_publish(message(blocking, "first"), routing_key=names[blocking])
    with running(Remembering, Hearing, broker=broker_url) as runner:
        assert begun.wait(30)
        for number in range(3):
            look.channel.basic_publish(message(other, str(number)), routing_key=names[other])
        # Its consumer is gone until its turn comes, and what it had is back.
        wait_until(lambda: look.consumers(names[other]) == 0 and look.count(names[other]) == 3)
        assert log.entries == ["first"]
        go_on.set()
        wait_until(lambda: sorted(log.entries) == ["0", "1", "2", "first"])
        wait_until(lambda: all_empty(look, *names.values()) and runner.ready)
        # All are consumed from again.
        wait_until(lambda: all(look.consumers(name) == 1 for name in names.values()))
    assert all_empty(look, DEAD_JOBS, "svc.dead.probe.v1.Listener")


def test_what_waits_at_a_stop_is_not_counted(embedded_broker_url: str, look: Look) -> None:
    begun, go_on, log = threading.Event(), threading.Event(), Log()

    class Busy(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note((text, self.attempt))
            begun.set()
            assert go_on.wait(30)

    with running(Busy, broker=embedded_broker_url, max_workers=1), svcrt.connect(embedded_broker_url) as cluster:
        ProbeClient(cluster).remember(text="busy")
        assert begun.wait(30)
        look.channel.basic_publish(job("waits", **{"svc-crashes": "1"}), routing_key=SUSPECT_JOBS)
        wait_until(lambda: look.count(SUSPECT_JOBS) == 0)
        threading.Timer(0.2, go_on.set).start()
    waiting = look.take(SUSPECT_JOBS)
    assert waiting.application_headers["svc-crashes"] == "1"
    assert waiting.delivery_info["redelivered"] is False
    assert log.entries == [("busy", 1)]


def test_a_lost_connection_alone_accuses_nobody(embedded_broker: EmbeddedBroker) -> None:
    """What runs here goes on, is settled by the new delivery, and runs once."""
    begun, go_on, log = threading.Event(), threading.Event(), Log()

    class Busy(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            log.note((text, self.attempt))
            begun.set()
            assert go_on.wait(30)

    with running(Busy, broker=embedded_broker.url) as runner, svcrt.connect(embedded_broker.url) as cluster:
        ProbeClient(cluster).remember(text="long")
        assert begun.wait(30)
        embedded_broker.faults.disconnect()
        with looking(embedded_broker.url) as fresh:
            wait_until(lambda: runner.ready and fresh.count(JOBS) == 0)
            go_on.set()
            wait_until(lambda: all_empty(fresh, JOBS, SUSPECT_JOBS, DEAD_JOBS))
            assert ProbeClient(cluster).ask(question="alive") == "alive"
    with looking(embedded_broker.url) as fresh:
        assert all_empty(fresh, JOBS, SUSPECT_JOBS, DEAD_JOBS), "it was given back, and would run again"
    assert log.entries == [("long", 1)]


def test_a_connection_lost_beside_another_instance_loses_nothing(embedded_broker: EmbeddedBroker) -> None:
    """What one still runs the other gets, too: it is suspected, run at least once, and never parked."""
    log = Log()

    class Slow(jobs(QUICK)):  # type: ignore[misc] # as above
        def remember(self, *, text: str) -> None:
            threading.Event().wait(0.05)
            log.note(text)

    with (
        running(Slow, broker=embedded_broker.url, max_workers=3) as first,
        running(Slow, broker=embedded_broker.url, max_workers=3) as second,
        svcrt.connect(embedded_broker.url) as cluster,
    ):
        probe = ProbeClient(cluster)
        for number in range(30):
            probe.remember(text=str(number))
        wait_until(lambda: log.entries)
        embedded_broker.faults.disconnect()
        wait_until(lambda: first.ready and second.ready)
        wait_until(lambda: {str(number) for number in range(30)} == set(log.entries))
        with looking(embedded_broker.url) as fresh:
            wait_until(lambda: all_empty(fresh, JOBS, SUSPECT_JOBS))
            assert fresh.count(DEAD_JOBS) == 0
