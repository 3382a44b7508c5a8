"""The worker processes of a run: started, restarted with back-off, replaced one by one, stopped."""

import json
import logging
import math
import random
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from svcrt.cli.exit_codes import CUT_SIGNAL, START_FAILED, WORK_CUT
from svcrt.cli.processes import Child, how_it_ended

FIRST_PAUSE = 0.5
"""Seconds before a dead worker's successor starts; doubled for each that dies after it."""
LONGEST_PAUSE = 30.0
_SPREAD = 1.5
STEADY_SECONDS = 60.0
"""A worker that ran for so long did not die of its start."""
FIRST_CRASHES = 5
"""So many deaths in a row, before any worker was ready, end the run."""
GRACE_SECONDS = 10.0
"""Beyond the drain, before a worker that was told to stop is killed."""
_END_SECONDS = 2.0

log = logging.getLogger("svcrt.run")


@dataclass(slots=True, eq=False)
class Worker:
    """A worker process and what is known of it. Times are those of `time.monotonic`.

    Attributes:
        child: the process.
        is_first: whether the run begins with it, so that its reason not to start is the run's.
        failures: how many died in a row before it, each soon after its start.
        replaces: whose place it takes when it is ready.
        since: when it was started.
        beat_at: when it reported last.
        missing: what it lacks to be ready, as it reported.
        leave_by: when it is killed, once it was told to stop.
    """

    child: Child
    is_first: bool = False
    failures: int = 0
    replaces: "Worker | None" = None
    since: float = field(default_factory=time.monotonic)
    beat_at: float | None = None
    missing: tuple[str, ...] = ("it is starting",)
    leave_by: float | None = None
    is_killed: bool = False

    def __str__(self) -> str:
        """Return what messages call it."""
        return f"the {self.child.role} {self.child.pid}"

    @property
    def is_leaving(self) -> bool:
        """Whether it was told to stop."""
        return self.leave_by is not None

    @property
    def is_ready(self) -> bool:
        """Whether requests reach it."""
        return self.beat_at is not None and not self.missing and not self.is_leaving


class Workers:
    """Keeps `count` worker processes running until `stop`.

    Args:
        selector: where the reports of the workers are waited for; `on_report` is for the selector's owner to call.
        count: how many.
        drain: seconds that running work has when a worker is replaced.
        execute: starts a process, which then waits for its orders.
        orders: makes the orders.
        announce: told the services of each worker that has found them.
        fail: told that the run has failed, with a sentence unless the worker has said why itself.
        end: as `fail`, and the run is to end.
        is_reloading: a change of the code is coming: a worker that cannot start waits for it.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        *,
        count: int,
        drain: float,
        execute: Callable[[], Child],
        orders: Callable[[], str],
        announce: Callable[[list[str]], None],
        fail: Callable[[str], None],
        end: Callable[[str], None],
        is_reloading: bool = False,
    ) -> None:
        self._selector = selector
        self._count = count
        self._drain = drain
        self._execute = execute
        self._orders = orders
        self._announce = announce
        self._fail = fail
        self._end = end
        self._is_reloading = is_reloading
        self._running: list[Worker] = []
        self._due: list[tuple[float, int]] = []
        self._to_replace: deque[Worker] = deque()
        self._is_ordered = False
        self._was_ready = False
        self._is_stopping = False

    @property
    def running(self) -> tuple[Worker, ...]:
        """The processes there are, those that are leaving included."""
        return tuple(self._running)

    def start(self) -> None:
        """Execute all; they import what they need and wait for `give_orders`."""
        for _ in range(self._count):
            self._start(is_first=True)

    def give_orders(self) -> None:
        """Have them, and all that start from now on, host the services."""
        self._is_ordered = True
        for worker in self._running:
            worker.child.order(self._orders())

    def replace_all(self) -> None:
        """Replace the workers one by one: the new one is ready before the old one is told to stop."""
        self._to_replace.extend(w for w in self._running if not w.is_leaving and w not in self._to_replace)

    def restart_all(self) -> None:
        """Stop all and start as many at once."""
        self._due.clear()
        self._to_replace.clear()
        for worker in self._running:
            if not worker.is_leaving:
                self._send_away(worker, signal.SIGTERM, self._drain + GRACE_SECONDS)
        self.start()

    def stop(self, how: signal.Signals, *, within: float) -> None:
        """Stop all and start none any more; what has not ended `within` seconds is killed."""
        self._is_stopping = True
        for worker in self._running:
            self._send_away(worker, how, within)

    def kill(self) -> None:
        """Let all end as if we were gone, without a word; kill what does not."""
        for worker in self._running:
            worker.child.end(within=_END_SECONDS)

    def next_at(self) -> float | None:
        """When `turn` has something to do though nothing happened."""
        times = [at for at, _ in self._due]
        times += [w.leave_by for w in self._running if w.leave_by is not None and not w.is_killed]
        return min(times, default=None)

    def on_report(self, child: Child) -> None:
        """Read what a worker says."""
        worker = next(each for each in self._running if each.child is child)
        for line in child.reports():
            report = json.loads(line)
            if "services" in report:
                self._announce(report["services"])
            if "missing" in report:
                worker.beat_at = time.monotonic()
                worker.missing = tuple(report["missing"])
                self._was_ready = self._was_ready or worker.is_ready
        if child.is_silent:
            self._selector.unregister(child)

    def turn(self) -> None:
        """Notice who has ended, kill who overstays, start who is due."""
        now = time.monotonic()
        for worker in self.running:
            if (code := worker.child.poll()) is not None:
                self._on_end(worker, code)
            elif worker.leave_by is not None and now >= worker.leave_by and not worker.is_killed:
                self._kill(worker)
        if self._is_stopping:
            return
        due = [entry for entry in self._due if entry[0] <= now]
        self._due = [entry for entry in self._due if entry[0] > now]
        for _, failures in due:
            log.info("%s takes the place of the one that has ended", self._start(failures=failures))
        self._replace_next()

    def _start(self, *, is_first: bool = False, failures: int = 0, replaces: Worker | None = None) -> Worker:
        worker = Worker(self._execute(), is_first=is_first, failures=failures, replaces=replaces)
        self._running.append(worker)
        self._selector.register(worker.child, selectors.EVENT_READ)
        if self._is_ordered:
            worker.child.order(self._orders())
        return worker

    def _replace_next(self) -> None:
        while self._to_replace and self._to_replace[0] not in self._running:
            self._to_replace.popleft()
            if not self._to_replace:
                log.info("every worker process has been replaced")
        if not self._to_replace or self._to_replace[0].is_leaving:
            return
        old = self._to_replace[0]
        successor = self._successor(old)
        if successor is None:
            log.info("%s is to take the place of %s", self._start(replaces=old), old)
        elif successor.is_ready:
            self._send_away(old, signal.SIGTERM, self._drain + GRACE_SECONDS)

    def _successor(self, old: Worker) -> Worker | None:
        return next((worker for worker in self._running if worker.replaces is old), None)

    def _send_away(self, worker: Worker, how: signal.Signals, within: float) -> None:
        deadline = time.monotonic() + within
        worker.leave_by = deadline if worker.leave_by is None else min(worker.leave_by, deadline)
        worker.child.signal(how)

    def _kill(self, worker: Worker) -> None:
        worker.is_killed = True
        self._report_fault(f"{worker} has not ended in time and is killed")
        worker.child.signal(signal.SIGKILL)

    def _on_end(self, worker: Worker, code: int) -> None:
        self._running.remove(worker)
        if not worker.child.is_silent:
            self._selector.unregister(worker.child)
        worker.child.close()
        if not worker.is_leaving:
            self._on_death(worker, code)
        elif code in (START_FAILED, WORK_CUT):
            if self._is_stopping:
                self._fail("")
        # The signal itself ends a worker that has not come to handle it.
        elif code not in (0, -signal.SIGTERM, -CUT_SIGNAL) and not worker.is_killed:
            self._report_fault(f"{worker} {how_it_ended(code)}")

    def _on_death(self, worker: Worker, code: int) -> None:
        if self._successor(worker) is not None:
            log.error("%s %s; its successor is starting already", worker, how_it_ended(code))
            return
        if worker.replaces in self._running:
            self._to_replace.clear()
            log.error("%s, the successor of %s, %s; no worker is replaced", worker, worker.replaces, how_it_ended(code))
            return
        if code == START_FAILED and self._is_reloading:
            if not self._running:
                log.warning("waiting for a change")
            return
        if code == START_FAILED and worker.is_first:
            self._end("")
            return
        is_steady = time.monotonic() - worker.since >= STEADY_SECONDS
        failures = 1 if is_steady else worker.failures + 1
        if failures >= FIRST_CRASHES and not self._was_ready and not self._is_reloading:
            self._end(f"{worker} {how_it_ended(code)}, the {FIRST_CRASHES}th in a row to end before one was ready")
            return
        seconds = pause(failures)
        self._due.append((time.monotonic() + seconds, failures))
        log.error("%s %s; another starts in %.1f s", worker, how_it_ended(code), seconds)

    def _report_fault(self, sentence: str) -> None:
        if self._is_stopping:
            self._fail(sentence)
        else:
            log.error(sentence)


def pause(failures: int) -> float:
    """Return the seconds before a successor starts, the more the more have failed in a row."""
    # Spread, so that workers that died of one cause do not come back in step.
    spread: float = random.uniform(1.0, _SPREAD)
    return spread * min(LONGEST_PAUSE / _SPREAD, math.ldexp(FIRST_PAUSE, min(failures - 1, 10)))
