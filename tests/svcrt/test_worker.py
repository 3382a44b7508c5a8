"""The pool of workers: what it does of its line when it hands over, and when it ends."""

from dataclasses import dataclass, field

import pytest

from svcrt.concurrency import Backend
from svcrt.types import Flag
from svcrt.worker import Limit, WorkerPool

SECONDS = 20.0


@dataclass(eq=False)
class Noted:
    """A job that notes what became of it."""

    name: str
    log: list[str]
    limit: Limit | None = None
    only_here: bool = False
    until: Flag | None = None
    began: Flag | None = None

    def run(self) -> None:
        if self.began is not None:
            self.began.set()
        if self.until is not None:
            assert self.until.wait(SECONDS)
        self.log.append(f"{self.name} ran")

    def abandon(self) -> None:
        self.log.append(f"{self.name} was handed over")


@dataclass
class Busy:
    """A pool of one worker that is held up."""

    concurrency: Backend
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pool = WorkerPool(self.concurrency, 1, "busy")
        self.go, began = self.concurrency.flag(), self.concurrency.flag()
        self.pool.submit(Noted("first", self.log, until=self.go, began=began))
        assert began.wait(SECONDS)


def test_what_only_we_can_do_keeps_its_place_and_the_rest_is_handed_over(concurrency: Backend) -> None:
    busy = Busy(concurrency)
    for name, only_here in (("rpc", False), ("http", True), ("event", False)):
        busy.pool.submit(Noted(name, busy.log, only_here=only_here))
    busy.pool.hand_over()
    busy.pool.submit(Noted("late rpc", busy.log))
    busy.pool.submit(Noted("late http", busy.log, only_here=True))
    busy.go.set()
    done = concurrency.flag()
    busy.pool.submit(Noted("last", busy.log, only_here=True, began=done))
    assert done.wait(SECONDS)
    assert busy.pool.drain(SECONDS)
    assert [each for each in busy.log if each.endswith("ran")] == ["first ran", "http ran", "late http ran", "last ran"]
    assert sorted(each for each in busy.log if not each.endswith("ran")) == [
        "event was handed over",
        "late rpc was handed over",
        "rpc was handed over",
    ]


def test_a_request_that_is_handed_over_gives_up_its_place_under_the_limit(concurrency: Backend) -> None:
    busy = Busy(concurrency)
    limit = busy.pool.limit(1)
    done = concurrency.flag()
    busy.pool.submit(Noted("rpc", busy.log, limit))
    busy.pool.submit(Noted("second rpc", busy.log, limit))
    busy.pool.submit(Noted("http", busy.log, limit, only_here=True, began=done))
    busy.pool.hand_over()
    busy.go.set()
    assert done.wait(SECONDS)
    assert busy.pool.drain(SECONDS)
    assert sorted(busy.log) == ["first ran", "http ran", "rpc was handed over", "second rpc was handed over"]


def test_a_drain_runs_nothing_that_has_not_begun(concurrency: Backend) -> None:
    busy = Busy(concurrency)
    busy.pool.submit(Noted("http", busy.log, only_here=True))
    busy.pool.hand_over()
    assert not busy.pool.drain(0.0)
    busy.go.set()
    assert busy.pool.drain(SECONDS)
    assert sorted(busy.log) == ["first ran", "http was handed over"]


def test_whatever_hits_a_worker_outside_its_method_does_not_end_it(
    concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Noted):
        def run(self) -> None:
            raise KeyboardInterrupt

    log: list[str] = []
    pool = WorkerPool(concurrency, 1, "hit")
    pool.submit(Failing("first", log))
    done = concurrency.flag()
    pool.submit(Noted("second", log, began=done))
    assert done.wait(SECONDS)
    assert pool.drain(SECONDS)
    assert log == ["second ran"]
    assert "hit: the outcome of a request could not be handled" in caplog.text
