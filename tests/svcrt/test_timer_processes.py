"""Timers of several processes: no due time fires twice, none is lost beyond what docs/services.md says."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

import waiting
from cli_process import Running
from clock_project import PERIOD, Run, read_runs, write_clock
from rabbitmq_node import RabbitMQNode

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

wait_until = partial(waiting.wait_until, within=45.0)


class Fleet:
    """Instances of the clock on one broker, and what is known of them."""

    def __init__(self, folder: Path, broker: str, running: ExitStack) -> None:
        write_clock(folder)
        self.folder = folder
        self.ended: list[float] = []
        self._arguments = ("clock:Clock", "--broker", broker, "--no-http", "--log-level", "warning")
        self._running = running
        self._instances: dict[int, Running] = {}

    def start(self, **variables: str) -> None:
        run = self._running.enter_context(Running(self.folder, *self._arguments, own_group=True, variables=variables))
        self._instances[run.pid] = run

    def kill(self, instance: int) -> None:
        """End it and its worker as a crash of the machine would."""
        self.ended.append(time.time())
        os.killpg(instance, signal.SIGKILL)
        self._instances.pop(instance).wait()

    def stop(self, instance: int) -> None:
        self.ended.append(time.time())
        assert self._instances.pop(instance).stop() == 0

    def stop_all(self) -> None:
        self.ended.append(time.time())
        for run in self._instances.values():
            run.signal(signal.SIGTERM)
        assert [run.wait() for run in self._instances.values()] == [0] * len(self._instances)
        self._instances.clear()

    @property
    def ticks(self) -> list[Run]:
        return read_runs(self.folder, "tick")

    def alive(self) -> set[int]:
        """The instances whose own timer has run since the last one ended."""
        since = self.ended[-1] if self.ended else 0.0
        return {run.instance for run in read_runs(self.folder, "beat") if run.at > since} & set(self._instances)

    def next_tick(self, after: int) -> Run:
        """Wait until more than `after` ticks are there; return the last."""
        wait_until(lambda: len(self.ticks) > after)
        return self.ticks[-1]


@pytest.fixture
def fleet(tmp_path: Path, broker_url: str) -> Iterator[Fleet]:
    with ExitStack() as running:
        yield Fleet(tmp_path, broker_url, running)


def check_promises(fleet: Fleet, *, killed: bool) -> None:
    """Check every due time between the first tick and the last."""
    ticks = fleet.ticks
    dues = [run.due for run in ticks]
    assert dues == sorted(set(dues)), "a due time fired twice, or one after a later one"
    assert all(round(due / PERIOD) * PERIOD == due for due in dues)
    beats = {(run.instance, run.due) for run in read_runs(fleet.folder, "beat")}
    for before, after in pairwise(ticks):
        skipped = [before.due + PERIOD * step for step in range(1, round((after.due - before.due) / PERIOD))]
        ended = [at for at in fleet.ended if before.due <= at < after.at]
        if not ended:
            # Only an instance that gets no processor skips, and then its other timer does so, too.
            assert all((before.instance, due) not in beats for due in skipped), (before, after)
            continue
        # Of those due before the end, one may have been under way when a kill came. Of those that nobody could fire in
        # time the last is made up, so that one alone is never lost.
        assert len([due for due in skipped if due <= ended[0]]) <= killed, (before, after, ended)


def test_ten_holders_are_killed(fleet: Fleet) -> None:
    for _ in range(3):
        fleet.start()
    wait_until(lambda: len(fleet.alive()) == 3)
    for number in range(10):
        wait_until(lambda: len(fleet.alive()) >= 2)
        holder = fleet.next_tick(len(fleet.ticks))
        # Somewhere in the period: just after the run, in between, at the moment of the next one.
        time.sleep(max(0.0, holder.due + PERIOD * (0.1 + number / 10) - time.time()))
        fleet.kill(fleet.ticks[-1].instance)
        # Only now: it may have run once more as it fell.
        ticked = len(fleet.ticks)
        fleet.start()
        assert fleet.next_tick(ticked).instance != holder.instance
    fleet.next_tick(len(fleet.ticks) + 2)
    fleet.stop_all()
    check_promises(fleet, killed=True)


def test_a_stopped_holder_hands_over_and_nothing_is_lost(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.start()
    wait_until(lambda: len(fleet.alive()) == 2)
    holder = fleet.next_tick(len(fleet.ticks)).instance
    fleet.stop(holder)
    assert fleet.next_tick(len(fleet.ticks)).instance != holder
    # A restart of all: the token has waited in the broker.
    fleet.stop_all()
    fleet.start()
    fleet.next_tick(len(fleet.ticks) + 2)
    fleet.stop_all()
    check_promises(fleet, killed=False)
    beats = [(run.instance, run.due) for run in read_runs(fleet.folder, "beat")]
    assert len(beats) == len(set(beats))


def test_a_frozen_holder_does_not_fire_what_its_successor_has_fired(fleet: Fleet) -> None:
    for _ in range(2):
        fleet.start(SVCGEN_HEARTBEAT="1")
    wait_until(lambda: len(fleet.alive()) == 2)
    holder = fleet.next_tick(len(fleet.ticks))
    # Between two runs, when its next due time is already planned.
    os.killpg(holder.instance, signal.SIGSTOP)
    wait_until(lambda: fleet.ticks[-1].instance != holder.instance)
    fleet.next_tick(len(fleet.ticks) + 1)
    fleet.ended.append(time.time())
    os.killpg(holder.instance, signal.SIGCONT)
    wait_until(lambda: len(fleet.alive()) == 2)
    fleet.next_tick(len(fleet.ticks) + 1)
    fleet.stop_all()
    dues = [run.due for run in fleet.ticks]
    assert dues == sorted(set(dues))


def test_the_token_survives_a_crash_of_rabbitmq(tmp_path: Path, fresh_node: RabbitMQNode) -> None:
    with ExitStack() as running:
        fleet = Fleet(tmp_path, fresh_node.url, running)
        fleet.start()
        fleet.start()
        fleet.next_tick(2)
        fresh_node.kill()
        killed_at = time.time()
        fresh_node.restart()
        wait_until(lambda: [run for run in fleet.ticks[-3:] if run.at > killed_at + PERIOD][2:])
        fleet.stop_all()
        dues = [run.due for run in fleet.ticks]
        assert dues == sorted(set(dues))
