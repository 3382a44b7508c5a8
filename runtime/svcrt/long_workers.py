"""Long workers: streams and sockets, each in a task of its own for as long as its peer wants it."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial

from svcrt.context import WorkerContext
from svcrt.errors import Interrupted, Overloaded
from svcrt.types import Concurrency, Flag, Outcome, Task
from svcrt.worker import WorkerFactory

log = logging.getLogger("svcrt.worker")

MAX_LONG_WORKERS = 1000
"""How many one service takes at a time. They mostly wait, so they are not counted among its workers."""
_INTERRUPT_SECONDS = 1.0
"""What an interrupted worker has at the end of a drain to run its `finally` and its providers' last hooks."""


class LongWorker:
    """One of them; see `svcrt.types.LongWorker`."""

    def __init__(
        self,
        factory: WorkerFactory,
        stub: str,
        positional: tuple[object, ...],
        context: WorkerContext,
        drive: Callable[[object], object] | None,
        on_outcome: Callable[[Outcome], None],
        on_stopping: Callable[[], None],
    ) -> None:
        self.stub = stub
        self.on_stopping = on_stopping
        self.task: Task | None = None
        self._factory = factory
        self._positional = positional
        self._context = context
        self._drive = drive
        self._on_outcome = on_outcome
        self._in_method = False
        self._interrupted = False

    def run(self) -> None:
        """Run it from the first provider to its outcome."""
        self._on_outcome(self._factory.run(self.stub, self._positional, self._context, self._call))

    def interrupt(self) -> bool:
        """Raise Interrupted in the method, now or before it begins. Its providers' hooks are never cut."""
        self._interrupted = True
        return self._in_method and self.task is not None and self.task.interrupt(Interrupted("the peer has gone"))

    def _call(self, method: Callable[[], object]) -> object:
        if self._interrupted:
            raise Interrupted("the peer has gone before the method began")
        self._in_method = True
        try:
            result = method()
            return result if self._drive is None else self._drive(result)
        finally:
            self._in_method = False


class LongWorkers:
    """Those of one service.

    Args:
        limits: greatest number at a time by stub, where the contract gives one.
    """

    def __init__(
        self, concurrency: Concurrency, factory: WorkerFactory, name: str, limits: Mapping[str, int], size: int
    ) -> None:
        self._concurrency = concurrency
        self._factory = factory
        self._name = name
        self._limits = limits
        self._size = size
        self._lock = concurrency.lock()
        self._running: set[LongWorker] = set()
        self._draining = False
        self._killed = False
        self._empty: Flag = concurrency.flag()

    @property
    def open(self) -> int:
        """How many have not ended."""
        return len(self._running)

    def spawn(
        self,
        stub: str,
        context: WorkerContext,
        on_outcome: Callable[[Outcome], None],
        *,
        on_stopping: Callable[[], None],
        positional: tuple[object, ...],
        drive: Callable[[object], object] | None,
    ) -> LongWorker:
        """Start one. Raises Overloaded."""
        report = partial(self._report, on_outcome)
        worker = LongWorker(self._factory, stub, positional, context, drive, report, on_stopping)
        with self._lock:
            self._admit(worker)
            worker.task = self._concurrency.spawn(self._run, worker, name=f"{self._name} {stub}")
        return worker

    def begin_drain(self) -> None:
        """Take none any more and tell those that run."""
        with self._lock:
            self._draining = True
            running = list(self._running)
            if not running:
                self._empty.set()
        for worker in running:
            self._concurrency.spawn(worker.on_stopping, name=f"{self._name} {worker.stub} stops")

    def drain(self, seconds: float) -> bool:
        """Wait until all have ended; interrupt what has not when the time is nearly over. Tell whether all ended."""
        deadline = time.monotonic() + seconds
        if self._empty.wait(max(0.0, seconds - _INTERRUPT_SECONDS)):
            return True
        for worker in list(self._running):
            worker.interrupt()
        return self._empty.wait(max(0.0, deadline - time.monotonic()))

    def kill(self) -> None:
        """End the tasks where the back end can; none reports its outcome any more."""
        self._killed = self._draining = True
        for worker in list(self._running):
            if worker.task is not None:
                worker.task.kill()

    def _admit(self, worker: LongWorker) -> None:
        if self._draining:
            raise Overloaded("this instance is stopping; the request did not run")
        limit = self._limits.get(worker.stub)
        if limit is not None and sum(each.stub == worker.stub for each in self._running) >= limit:
            raise Overloaded(f"{limit} of these run already, which is the limit of this instance")
        if len(self._running) >= self._size:
            raise Overloaded(f"{self._size} streams and sockets are open already, which is the limit of this instance")
        self._running.add(worker)

    def _run(self, worker: LongWorker) -> None:
        try:
            worker.run()
        finally:
            with self._lock:
                self._running.discard(worker)
                if self._draining and not self._running:
                    self._empty.set()

    def _report(self, on_outcome: Callable[[Outcome], None], outcome: Outcome) -> None:
        if not self._killed:
            on_outcome(outcome)
