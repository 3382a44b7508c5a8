"""Long workers: what lasts as long as its peer wants, beside the bounded workers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import svcrt
from probe_services import Probe, wait_until
from probe_v1 import ProbeClient
from svcrt import CustomEntrypoint, DependencyProvider, WorkerContext
from svcrt.concurrency import Backend
from svcrt.context import CallContext
from svcrt.errors import Interrupted, Overloaded
from svcrt.long_workers import MAX_LONG_WORKERS
from svcrt.runner import Runner
from svcrt.types import Flag, LongWorker, Outcome


class Opener(CustomEntrypoint):
    """Starts long workers when the test says so."""

    def open(
        self,
        stub: str,
        outcomes: list[Outcome],
        on_stopping: Callable[[], None] = lambda: None,
        drive: Callable[[object], object] | None = None,
    ) -> LongWorker:
        context = WorkerContext(
            service=self.container.contract.name, method=stub, call=CallContext(call_id="x", traceparent="none")
        )
        return self.container.spawn_long_worker(
            stub, {}, context, outcomes.append, on_stopping=on_stopping, drive=drive
        )


class Kept(DependencyProvider[list[str]]):
    """Notes the steps of a worker's life."""

    steps: list[str] = []  # noqa: RUF012
    before: Callable[[], object] = list
    """Called before a dependency is given."""

    def get_dependency(self, context: WorkerContext) -> list[str]:
        # A worker of the test before may end only now, and must not note it in the list of this one.
        context.data["steps"] = self.steps
        type(self).before()
        return self.steps

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        context.data["steps"].append("result" if outcome.error is None else type(outcome.error).__name__)

    def worker_teardown(self, context: WorkerContext) -> None:
        context.data["steps"].append("teardown")


class Lasting(Probe):
    """Has two methods that last: one waits, one yields."""

    opener = Opener()
    kept = Kept()
    leave: Flag

    def wait(self) -> str:
        self.kept.append("begins")
        try:
            self.leave.wait(30)
        finally:
            self.kept.append("finally")
        return "left"

    def count(self) -> Iterator[int]:
        yield from range(3)
        self.kept.append("counted")


@pytest.fixture
def flag(concurrency: Backend) -> Iterator[Flag]:
    Kept.steps = []
    Lasting.leave = concurrency.flag()
    yield Lasting.leave
    Lasting.leave.set()


@pytest.fixture
def runner(embedded_broker_url: str, concurrency: Backend, flag: Flag) -> Iterator[Runner]:
    runner = Runner([Lasting], broker=embedded_broker_url, concurrency=concurrency.name, max_workers=1)
    runner.start()
    yield runner
    runner.kill()


def opener(runner: Runner) -> Opener:
    found: Any = runner.containers[0]
    return next(each for each in found._custom if isinstance(each, Opener))


def test_they_hold_no_worker(runner: Runner, embedded_broker_url: str, concurrency: Backend, flag: Flag) -> None:
    outcomes: list[Outcome] = []
    for _ in range(20):
        opener(runner).open("wait", outcomes)
    with svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster:
        assert ProbeClient(cluster).ask(question="free") == "free"
    flag.set()
    wait_until(lambda: len(outcomes) == 20, concurrency)
    assert {outcome.result for outcome in outcomes} == {"left"}


def test_a_drive_consumes_while_the_dependencies_live(runner: Runner, concurrency: Backend) -> None:
    outcomes: list[Outcome] = []

    def drive(result: Any) -> object:
        return list(result)

    opener(runner).open("count", outcomes, drive=drive)
    wait_until(lambda: outcomes, concurrency)
    assert outcomes[0].result == [0, 1, 2]
    assert Kept.steps == ["counted", "result", "teardown"]


def test_a_drain_tells_them_and_waits(runner: Runner, concurrency: Backend, flag: Flag) -> None:
    outcomes: list[Outcome] = []
    opener(runner).open("wait", outcomes, on_stopping=flag.set)
    assert runner.stop(drain=30.0)
    assert outcomes[0].result == "left"
    assert Kept.steps == ["begins", "finally", "result", "teardown"]


def test_one_that_does_not_listen_is_interrupted_where_it_waits(
    runner: Runner, concurrency: Backend, flag: Flag
) -> None:
    outcomes: list[Outcome] = []
    opener(runner).open("wait", outcomes)
    wait_until(lambda: Kept.steps, concurrency)
    ended = runner.stop(drain=1.5)
    if concurrency.name == "threads":
        assert not ended
    else:
        assert ended
        assert isinstance(outcomes[0].error, Interrupted)
        assert Kept.steps == ["begins", "finally", "Interrupted", "teardown"]


def test_an_interruption_before_the_method_keeps_it_from_running(
    runner: Runner, concurrency: Backend, flag: Flag, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[Outcome] = []
    begun, go_on = concurrency.flag(), concurrency.flag()

    def wait() -> None:
        begun.set()
        go_on.wait(10)

    monkeypatch.setattr(Kept, "before", wait)
    worker = opener(runner).open("wait", outcomes)
    assert begun.wait(10)
    assert not worker.interrupt()
    go_on.set()
    wait_until(lambda: outcomes, concurrency)
    assert isinstance(outcomes[0].error, Interrupted)
    assert Kept.steps == ["Interrupted", "teardown"]


def test_there_are_not_more_than_a_service_takes(runner: Runner, flag: Flag, concurrency: Backend) -> None:
    outcomes: list[Outcome] = []
    if concurrency.name == "threads":
        found: Any = runner.containers[0]
        found._long._size = 5
    size = 5 if concurrency.name == "threads" else MAX_LONG_WORKERS
    for _ in range(size):
        opener(runner).open("wait", outcomes)
    with pytest.raises(Overloaded, match=f"{size} streams and sockets are open"):
        opener(runner).open("wait", outcomes)
    flag.set()
    wait_until(lambda: len(outcomes) == size, concurrency)
    opener(runner).open("wait", outcomes)


def test_none_begins_while_the_instance_stops(runner: Runner, flag: Flag) -> None:
    flag.set()
    runner.stop(drain=1.0)
    with pytest.raises(Overloaded, match="stopping"):
        opener(runner).open("wait", [])
