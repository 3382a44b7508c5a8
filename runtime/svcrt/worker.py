"""Workers: a fresh service object per request with its dependencies, run by a bounded pool of long-lived tasks."""

import logging
import queue
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from svcrt.context import WorkerContext
from svcrt.middleware import Middleware, apply
from svcrt.providers import DependencyProvider
from svcrt.types import Channel, Concurrency, Flag, Outcome, Task

log = logging.getLogger("svcrt.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFactory:
    """How a service's requests are run: its class, its bound providers in order, its middleware outermost first."""

    service_class: type[Any]
    providers: Sequence[DependencyProvider[Any]]
    middleware: Sequence[Middleware]

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
        serve = partial(self._serve, stub, positional, context, around)
        try:
            return Outcome(result=apply(self.middleware, context, serve))
        except BaseException as error:  # a handler's sys.exit() must not end a long-lived worker
            return Outcome(error=error)

    def _serve(
        self,
        stub: str,
        positional: tuple[object, ...],
        context: WorkerContext,
        around: Callable[[Callable[[], object]], object] | None,
    ) -> object:
        service = self.service_class()
        ready: list[DependencyProvider[Any]] = []
        try:
            for provider in self.providers:
                service.__dict__[provider.name] = provider.get_dependency(context)
                ready.append(provider)
            for provider in ready:
                provider.worker_setup(context)
            method = partial(getattr(service, stub), *positional, **context.arguments)
            outcome = Outcome(result=method() if around is None else around(method))
        except BaseException as error:
            outcome = Outcome(error=error)
        for provider in ready:
            outcome = _after(provider.worker_result, (context, outcome), outcome)
        for provider in reversed(ready):
            outcome = _after(provider.worker_teardown, (context,), outcome)
        if outcome.error is not None:
            raise outcome.error
        return outcome.result


def _after(hook: Callable[..., None], arguments: tuple[Any, ...], outcome: Outcome) -> Outcome:
    """Run a hook that follows the method: its exception fails a success, and is logged beside an earlier failure."""
    try:
        hook(*arguments)
    except BaseException as error:
        if outcome.error is None:
            return Outcome(error=error)
        log.exception("%s failed after a failure", getattr(hook, "__qualname__", hook))
    return outcome


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
        self._lock = concurrency.lock()
        self._jobs: Channel[Job | None] = concurrency.channel()
        self._tasks: list[Task] = []
        self._limits: list[Limit] = []
        self._admitted = 0
        self._open = 0
        self._handing_over = False
        self._draining = False
        self._killed = False
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
            if not self._draining and (job.only_here or not self._handing_over):
                limit = job.limit
                if limit is None or limit.running < limit.size:
                    if limit is not None:
                        limit.running += 1
                    self._admit(job)
                else:
                    limit.waiting.append(job)
                return
        self._concurrency.spawn(self._abandon, job, name=f"{self._name} hand-over")

    def hand_over(self) -> None:
        """Abandon, from now on, what has not begun and others can do; what only we can do is still done."""
        with self._lock:
            self._handing_over = True
            unstarted = [job for limit in self._limits for job in limit.waiting if not job.only_here]
            for limit in self._limits:
                limit.waiting = deque(job for job in limit.waiting if job.only_here)
        for job in self._in_line():
            if job.only_here:
                self._jobs.put(job)
                continue
            unstarted.append(job)
            with self._lock:
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
        unstarted += self._in_line()
        for job in unstarted:
            self._concurrency.spawn(self._abandon, job, name=f"{self._name} hand-over")
        with self._lock:
            if self._open == 0:
                self._empty.set()
        ended = self._empty.wait(seconds)
        for _ in self._tasks:
            self._jobs.put(None)
        return ended

    @property
    def open(self) -> int:
        """Jobs not finished yet."""
        return self._open

    def kill(self) -> None:
        """End the tasks where the back end can; no job reports its outcome any more."""
        self._killed = self._draining = True
        for task in self._tasks:
            self._jobs.put(None)
            task.kill()

    @property
    def killed(self) -> bool:
        """Whether outcomes are of no interest any more."""
        return self._killed

    def _admit(self, job: Job) -> None:
        self._admitted += 1
        self._jobs.put(job)
        if len(self._tasks) < min(self._admitted, self._size):
            name = f"{self._name} worker {len(self._tasks) + 1}"
            self._tasks.append(self._concurrency.spawn(self._work, name=name))

    def _work(self) -> None:
        while not self._killed:
            try:
                job = self._jobs.get()
            except BaseException as error:
                self._survive(error, "an exception that was not for it reached an idle worker")
                continue
            if job is None or self._killed:
                return
            try:
                job.run()
            except BaseException as error:
                self._survive(error, "the outcome of a request could not be handled")
            finally:
                self._finished(job)

    def _survive(self, error: BaseException, what: str) -> None:
        """Log what hits a worker outside its method, such as a time-out that the method has left running."""
        if self._killed:
            raise error
        log.error("%s: %s", self._name, what, exc_info=error)

    def _in_line(self) -> list[Job]:
        """Take out what no task has begun."""
        jobs: list[Job] = []
        try:
            while (job := self._jobs.get(timeout=0)) is not None:
                jobs.append(job)
        except queue.Empty:
            pass
        return jobs

    def _finished(self, job: Job) -> None:
        with self._lock:
            self._give_up_place(job)
        self._closed()

    def _give_up_place(self, job: Job) -> None:
        self._admitted -= 1
        limit = job.limit
        if limit is not None:
            if limit.waiting:
                self._admit(limit.waiting.popleft())
            else:
                limit.running -= 1

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
