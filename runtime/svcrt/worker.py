"""Workers: a fresh service object per request with its dependencies, run by a bounded pool of long-lived tasks."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from svcrt.context import WorkerContext
from svcrt.injection import compile_injection
from svcrt.middleware import Middleware, apply, log_failure, refuse_expired
from svcrt.providers import DependencyProvider
from svcrt.types import Baton, Concurrency, Flag, Outcome, Task

log = logging.getLogger("svcrt.worker")


class WorkerFactory:
    """How a service's requests are run.

    Args:
        service_class: what is made for each.
        providers: bound, in order.
        middleware: outermost first.
    """

    def __init__(
        self,
        *,
        service_class: type[Any],
        providers: Sequence[DependencyProvider[Any]],
        middleware: Sequence[Middleware],
    ) -> None:
        self._serve = compile_injection(service_class, providers)
        self._middleware = tuple(middleware)

    def run(
        self,
        stub: str,
        positional: tuple[object, ...],
        context: WorkerContext,
        around: Callable[[Callable[[], object]], object] | None = None,
    ) -> Outcome:
        """Run one request from the first provider to the last teardown; raises nothing.

        Args:
            around: calls the method instead of us, while the dependencies live; what it returns is the result.
        """
        try:
            refuse_expired(context)
            if not self._middleware:
                return Outcome(result=self._serve(stub, positional, context, around))
            serve = partial(self._serve, stub, positional, context, around)
            return Outcome(result=apply(self._middleware, context, serve))
        except BaseException as error:  # a handler's sys.exit() must not end a long-lived worker
            log_failure(context, error)
            return Outcome(error=error)


class Job(Protocol):
    """One request in line."""

    limit: "Limit | None"
    only_here: bool
    """Whether no other instance can do it."""

    def run(self) -> None:
        """Do it."""

    def abandon(self) -> None:
        """Say that it will not be done; may block."""


@dataclass(slots=True, eq=False)
class Limit:
    """`@concurrency(size)`: how many of one method run at a time; the others wait here without holding a worker."""

    size: int
    running: int = 0
    waiting: deque[Job] = field(default_factory=deque)


class WorkerPool:
    """At most `size` tasks that take jobs in the order of their coming; tasks are made on demand and then kept.

    Long-lived tasks, since a new green thread per request costs a third of the throughput.
    """

    def __init__(self, concurrency: Concurrency, size: int, name: str) -> None:
        self._concurrency = concurrency
        self._size = size
        self._name = name
        self._lock = concurrency.guard()
        self._jobs: deque[Job] = deque()
        self._idle: list[Baton[Job | None]] = []
        self._tasks: list[Task] = []
        self._limits: list[Limit] = []
        self._admitted = 0
        self._open = 0
        self._handing_over = False
        self._draining = False
        self._killed = False
        self._is_over = False
        self._empty: Flag = concurrency.flag()

    def limit(self, size: int) -> Limit:
        """Return a new limit for the jobs of one method."""
        limit = Limit(size)
        self._limits.append(limit)
        return limit

    def submit(self, job: Job) -> None:
        """Put a job in line; never blocks. Abandoned at once when the pool is draining, or hands over what it can."""
        with self._lock:
            self._open += 1
            is_taken = not self._draining and (job.only_here or not self._handing_over)
            worker = self._admit(job) if is_taken and self._within_limit(job) else None
        if worker is not None:
            worker.give(job)
        elif not is_taken:
            self._concurrency.spawn(self._abandon, job, name=f"{self._name} hand-over")

    @staticmethod
    def _within_limit(job: Job) -> bool:
        limit = job.limit
        if limit is None:
            return True
        if limit.running < limit.size:
            limit.running += 1
            return True
        limit.waiting.append(job)
        return False

    def hand_over(self) -> None:
        """Abandon, from now on, what has not begun and others can do; what only we can do is still done."""
        with self._lock:
            self._handing_over = True
            unstarted = [job for limit in self._limits for job in limit.waiting if not job.only_here]
            for limit in self._limits:
                limit.waiting = deque(job for job in limit.waiting if job.only_here)
            in_line, self._jobs = self._jobs, deque(job for job in self._jobs if job.only_here)
        for job in in_line:
            if not job.only_here:
                unstarted.append(job)
                self._give_up_place(job)
        for job in unstarted:
            self._concurrency.spawn(self._abandon, job, name=f"{self._name} hand-over")

    def drain(self, seconds: float) -> bool:
        """Abandon what has not begun, wait for what has, then end the tasks; tell whether all ended in time."""
        with self._lock:
            self._draining = True
            unstarted = [job for limit in self._limits for job in limit.waiting]
            for limit in self._limits:
                limit.waiting.clear()
            unstarted += self._jobs
            self._jobs.clear()
        for job in unstarted:
            self._concurrency.spawn(self._abandon, job, name=f"{self._name} hand-over")
        with self._lock:
            if self._open == 0:
                self._empty.set()
        ended = self._empty.wait(seconds)
        self._release()
        return ended

    @property
    def open(self) -> int:
        """Jobs not finished yet."""
        return self._open

    def kill(self) -> None:
        """End the tasks where the back end can; no job reports its outcome any more."""
        self._killed = self._draining = True
        self._release()
        for task in self._tasks:
            task.kill()

    @property
    def killed(self) -> bool:
        """Whether outcomes are of no interest any more."""
        return self._killed

    def _release(self) -> None:
        """Let the tasks end that have nothing to do; those that have end after it."""
        with self._lock:
            self._is_over = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.give(None)

    def _admit(self, job: Job) -> Baton[Job | None] | None:
        """Put a job in line or return the worker to give it to; the lock is held."""
        self._admitted += 1
        if self._idle:
            return self._idle.pop()
        self._jobs.append(job)
        if len(self._tasks) < min(self._admitted, self._size):
            name = f"{self._name} worker {len(self._tasks) + 1}"
            self._tasks.append(self._concurrency.spawn(self._work, name=name))
        return None

    def _work(self) -> None:
        baton: Baton[Job | None] = self._concurrency.baton()
        while not self._killed:
            try:
                job = self._next(baton)
            except BaseException as error:
                self._survive(error, "an exception that was not for it reached an idle worker")
                job = self._withdraw(baton)
                if job is None:
                    continue
            if job is None or self._killed:
                return
            try:
                job.run()
            except BaseException as error:
                self._survive(error, "the outcome of a request could not be handled")
            finally:
                self._finished(job)

    def _next(self, baton: "Baton[Job | None]") -> Job | None:
        with self._lock:
            if self._jobs:
                return self._jobs.popleft()
            if self._is_over:
                return None
            # Last come, first served: what it used is still in the caches.
            self._idle.append(baton)
        return baton.take()

    def _withdraw(self, baton: "Baton[Job | None]") -> Job | None:
        """Wait no longer for a job; return the one that somebody is giving at this moment."""
        with self._lock:
            if baton in self._idle:
                self._idle.remove(baton)
                return None
        return baton.take()

    def _survive(self, error: BaseException, what: str) -> None:
        """Log what hits a worker outside its method, such as a time-out that the method has left running."""
        if self._killed:
            raise error
        log.error("%s: %s", self._name, what, exc_info=error)

    def _finished(self, job: Job) -> None:
        self._give_up_place(job)
        self._closed()

    def _give_up_place(self, job: Job) -> None:
        limit = job.limit
        with self._lock:
            self._admitted -= 1
            if limit is None:
                return
            if not limit.waiting:
                limit.running -= 1
                return
            following = limit.waiting.popleft()
            worker = self._admit(following)
        if worker is not None:
            worker.give(following)

    def _abandon(self, job: Job) -> None:
        try:
            job.abandon()
        finally:
            self._closed()

    def _closed(self) -> None:
        with self._lock:
            self._open -= 1
            if self._draining and self._open == 0:
                self._empty.set()
