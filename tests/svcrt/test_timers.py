"""Timers: one instance fires, another takes over, due times lie on the grid, runs do not overlap."""

import time
from dataclasses import replace

import pytest

from amqp_client import connect
from probe_services import Clock, wait_until
from probe_v1 import contract
from svcrt.concurrency import Backend
from svcrt.errors import StartError
from svcrt.generated import Service
from svcrt.runner import Runner
from svcrt.testing import running
from svcrt.timers import next_due


@pytest.mark.parametrize(
    ("last", "now", "due"), [(0.0, 12.0, 20.0), (10.0, 12.0, 20.0), (10.0, 20.0, 30.0), (20.0, 19.9, 30.0)]
)
def test_due_times_lie_on_the_grid_after_the_last_and_now(last: float, now: float, due: float) -> None:
    assert next_due(10.0, last, now) == due


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
        assert ("b", "tick") not in ticks[: len(ticks) - 1]
        wait_until(lambda: ticks.count(("b", "tick")) >= 2, concurrency)
        stopped_at = ticks.count(("a", "tick"))
        wait_until(lambda: ticks.count(("b", "tick")) >= 4, concurrency)
        assert ticks.count(("a", "tick")) == stopped_at
    raw = connect(broker_url)
    state = raw.channel().queue_declare("svc.timer.probe.v1.Clock.tick", passive=True)
    # Every start put one in; they were merged. An offer of the last moment may be there, too.
    assert 1 <= state.message_count <= 2
    raw.close()


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


def test_cron_is_refused_at_the_start(embedded_broker_url: str) -> None:
    cron = replace(contract.CLOCK_TICK, every=None, cron="0 2 * * *")
    changed: Service = replace(contract.CLOCK, timers=(cron,))

    class Nightly(Clock):
        contract = changed

    with (
        pytest.raises(StartError, match=r"`tick` of probe.v1.Clock follows the cron"),
        running(Nightly, broker=embedded_broker_url),
    ):
        pass
