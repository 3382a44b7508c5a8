"""Timers: one instance fires, another takes over, due times lie on the grid, runs do not overlap."""

import time
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import svcrt
from amqp_client import connect
from probe_services import Clock, Probe, wait_until
from probe_v1 import ProbeClient, contract
from svcrt import DueTime
from svcrt.concurrency import Backend
from svcrt.errors import StartError
from svcrt.generated import Service
from svcrt.runner import Runner
from svcrt.testing import running


def clock(ticks: list[tuple[str, str]], name: str) -> type[Clock]:
    class Named(Clock):
        def tick(self) -> None:
            ticks.append((name, "tick"))

        def beat(self) -> None:
            ticks.append((name, "beat"))

    return Named


def test_one_of_two_instances_fires_and_the_other_takes_over(broker_url: str, concurrency: Backend) -> None:
    ticks: list[tuple[str, str]] = []
    first = Runner([clock(ticks, "a")], broker=broker_url, concurrency=concurrency.name)
    first.start()
    wait_until(lambda: ticks.count(("a", "tick")) >= 2, concurrency)
    with running(clock(ticks, "b"), broker=broker_url, concurrency=concurrency.name):
        wait_until(lambda: ticks.count(("b", "beat")) >= 5, concurrency)
        # On each instance beats, on one ticks.
        assert ticks.count(("a", "beat")) >= 5
        assert ("b", "tick") not in ticks
        first.stop(10.0)
        wait_until(lambda: ticks.count(("b", "tick")) >= 2, concurrency)
        stopped_at = ticks.count(("a", "tick"))
        wait_until(lambda: ticks.count(("b", "tick")) >= 4, concurrency)
        assert ticks.count(("a", "tick")) == stopped_at
    holders = [who for who, what in ticks if what == "tick"]
    assert holders == sorted(holders), "one has ticked after the other had taken over"
    raw = connect(broker_url)
    state = raw.channel().queue_declare("svc.timer.probe.v1.Clock.tick", passive=True)
    # Every start put one in; they were merged. An offer of the last moment may be there, too.
    assert 1 <= state.message_count <= 2
    raw.close()


def test_a_stopped_holder_wakes_the_next_in_line_at_once(broker_url: str, concurrency: Backend) -> None:
    hourly = replace(contract.CLOCK, timers=(replace(contract.CLOCK_TICK, every=3600.0),))

    class Hourly(Clock):
        contract = hourly

    holder = Runner([Hourly], broker=broker_url, concurrency=concurrency.name)
    holder.start()
    successor = connect(broker_url)
    channel = successor.channel()
    tokens: list[Any] = []
    channel.basic_consume("svc.timer.probe.v1.Clock.tick", callback=tokens.append)
    assert tokens == []
    # Nothing else happens to the queue that could remind the broker of its next consumer, and the link stays open.
    assert concurrency.spawn(holder.containers[0].stop, 5.0, name="stop").join(10)
    while not tokens:
        successor.drain_events(timeout=10)
    holder.stop(1.0)
    successor.close()


def test_runs_do_not_overlap_and_do_not_drift(embedded_broker_url: str, concurrency: Backend) -> None:
    now, most = 0, 0
    at: list[float] = []

    class Slow(Clock):
        def tick(self) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            at.append(time.time())
            concurrency.sleep(0.15)
            now -= 1

    with running(Slow, broker=embedded_broker_url, concurrency=concurrency.name):
        wait_until(lambda: len(at) >= 4, concurrency)
    assert most == 1


def test_a_tick_that_fails_is_logged_and_the_next_comes(
    embedded_broker_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    runs: list[int] = []

    class Failing(Clock):
        def tick(self) -> None:
            runs.append(1)
            raise LookupError("nothing")

    with running(Failing, broker=embedded_broker_url):
        wait_until(lambda: len(runs) >= 3)
    assert any("probe.v1.Clock.tick failed with LookupError" in record.getMessage() for record in caplog.records)


def test_a_timer_fires_again_after_its_tokens_are_gone(embedded_broker_url: str) -> None:
    ticks: list[tuple[str, str]] = []
    with running(clock(ticks, "a"), broker=embedded_broker_url):
        wait_until(lambda: ("a", "tick") in ticks)
        raw = connect(embedded_broker_url)
        # A broker that kept nothing: the queue is gone, the consumer is cancelled by it.
        raw.channel().queue_delete("svc.timer.probe.v1.Clock.tick")
        before = ticks.count(("a", "tick"))
        wait_until(lambda: ticks.count(("a", "tick")) >= before + 3)
        raw.close()


def test_cron_fires_in_its_time_zone_once_and_on_each_instance(
    broker_url: str, concurrency: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A moment before the first of the two half past two of that night.
    start = datetime(2026, 10, 25, 2, 29, 59, 500_000, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
    shift = start - time.time()
    monkeypatch.setattr("svcrt.timers.time", SimpleNamespace(time=lambda: time.time() + shift))
    timers = tuple(replace(timer, every=None, cron="30 2 * * *", tz="Europe/Paris") for timer in contract.CLOCK.timers)
    changed = replace(contract.CLOCK, timers=timers)
    runs: list[tuple[str, str]] = []

    class Nightly(Clock):
        contract = changed
        due = DueTime()

        def tick(self) -> None:
            runs.append(("tick", str(self.due)))

        def beat(self) -> None:
            runs.append(("beat", str(self.due)))

    host = partial(running, Nightly, broker=broker_url, concurrency=concurrency.name)
    with host(), host():
        wait_until(lambda: len(runs) >= 3, concurrency)
    first = "2026-10-25 02:30:00+02:00"
    assert sorted(runs) == [("beat", first), ("beat", first), ("tick", first)]


def test_other_requests_have_no_due_time(embedded_broker_url: str) -> None:
    class Timed(Probe):
        due = DueTime()

        def ask(self, *, question: str) -> str:
            return str(self.due)

    with running(Timed, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        assert ProbeClient(cluster).ask(question="when?") == "None"


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [("0 0 L * *", "UTC", "`L` means nothing"), ("0 2 * * *", "Europe/Pariss", "unknown time zone `Europe/Pariss`")],
)
def test_what_is_no_schedule_is_refused_at_the_start(embedded_broker_url: str, cron: str, zone: str, said: str) -> None:
    changed: Service = replace(contract.CLOCK, timers=(replace(contract.CLOCK_TICK, every=None, cron=cron, tz=zone),))

    class Nightly(Clock):
        contract = changed

    with (
        pytest.raises(StartError, match=f"timer `tick` of probe.v1.Clock: {said}"),
        running(Nightly, broker=embedded_broker_url),
    ):
        pass
