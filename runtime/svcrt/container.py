"""A container hosts one service class: it checks it, sets up its providers and entrypoints, and runs its workers."""

import inspect
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from svcrt.authentication import guard_of
from svcrt.bases import Caller, ServiceBase
from svcrt.context import CallContext, WorkerContext
from svcrt.contract import Service
from svcrt.errors import NotStarted, StartError
from svcrt.extensions import CustomEntrypoint, SharedExtensions, SharedT, find_extensions
from svcrt.long_workers import MAX_LONG_WORKERS, LongWorkers
from svcrt.middleware import Middleware
from svcrt.providers import DependencyProvider
from svcrt.types import Concurrency, Container, Entrypoint, Link, LongWorker, Outcome
from svcrt.worker import Limit, WorkerFactory, WorkerPool

log = logging.getLogger("svcrt.container")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What the containers of one process have in common.

    Attributes:
        call_through: makes the caller of a worker from what came with its request.
        transports: each makes a container's entrypoints from its contract.
        middleware: the application's own, outermost first; the authentication stands around them.
    """

    concurrency: Concurrency
    link: Link
    shared: SharedExtensions
    call_through: Callable[[CallContext], Caller]
    transports: Sequence[Callable[[Container], Iterable[Entrypoint]]]
    config: Mapping[str, Any]
    max_workers: int
    middleware: Sequence[Middleware] = ()


@dataclass(slots=True, eq=False)
class _Request:
    """A request in line for a worker."""

    factory: WorkerFactory
    pool: WorkerPool
    stub: str
    positional: tuple[object, ...]
    context: WorkerContext
    on_outcome: Callable[[Outcome], None]
    limit: Limit | None
    only_here: bool

    def run(self) -> None:
        outcome = self.factory.run(self.stub, self.positional, self.context)
        if not self.pool.killed:
            self.on_outcome(outcome)

    def abandon(self) -> None:
        self.on_outcome(Outcome(error=NotStarted("this instance is stopping; the request did not run")))


class ServiceContainer:
    """Hosts one service class. `setup`, `start`, then `stop` or `kill`; each once.

    Raises:
        StartError: the class is no service or lacks methods.
    """

    def __init__(self, service_class: type[Any], process: Process) -> None:
        check_service(service_class)
        self.service_class = service_class
        self.contract: Service = service_class.contract
        self.concurrency = process.concurrency
        self.link = process.link
        self.config = process.config
        self.max_workers = process.max_workers
        short = self.contract.name.rpartition(".")[2]
        self.instance = f"{short}@{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._process = process
        self._pool = WorkerPool(process.concurrency, process.max_workers, short)
        members = (*self.contract.rpcs, *self.contract.oneways, *self.contract.subscriptions)
        self._limits = {each.stub: self._pool.limit(each.concurrency) for each in members if each.concurrency}
        self._providers = [each.bind(self) for each in find_extensions(service_class, DependencyProvider)]
        self._custom = [each.bind(self) for each in find_extensions(service_class, CustomEntrypoint)]
        self._entrypoints: list[Entrypoint] = []
        # Whoever was not set up, since another failed, has nothing to let go of.
        self._set_up: set[int] = set()
        self.guard = guard_of(service_class, self.contract)
        self._factory = WorkerFactory(
            service_class=service_class,
            providers=self._providers,
            middleware=(*(() if self.guard.stands_aside else (self.guard,)), *process.middleware),
        )
        self._long = LongWorkers(
            process.concurrency,
            self._factory,
            short,
            {each.stub: each.concurrency for each in self.contract.streams if each.concurrency},
            MAX_LONG_WORKERS,
        )

    def caller(self, context: WorkerContext) -> Caller:
        """What a worker calls, sends and announces through."""
        return self._process.call_through(context.call)

    def share(self, kind: type[SharedT], *arguments: Hashable) -> SharedT:
        """Return the process's one `kind(*arguments)`."""
        return self._process.shared.share(kind, *arguments)

    def spawn_worker(
        self,
        stub: str,
        arguments: Mapping[str, object],
        context: WorkerContext,
        on_outcome: Callable[[Outcome], None],
        *,
        positional: tuple[object, ...] = (),
        only_here: bool = False,
    ) -> None:
        """Put a request in line for a worker; see `svcrt.types.Container`."""
        context.container = self
        context.arguments = arguments
        limit = self._limits.get(stub)
        self._pool.submit(_Request(self._factory, self._pool, stub, positional, context, on_outcome, limit, only_here))

    def spawn_long_worker(
        self,
        stub: str,
        arguments: Mapping[str, object],
        context: WorkerContext,
        on_outcome: Callable[[Outcome], None],
        *,
        on_stopping: Callable[[], None],
        positional: tuple[object, ...] = (),
        drive: Callable[[object], object] | None = None,
    ) -> LongWorker:
        """Run a stream or a socket in a task of its own; see `svcrt.types.Container`."""
        context.container = self
        context.arguments = arguments
        return self._long.spawn(stub, context, on_outcome, on_stopping=on_stopping, positional=positional, drive=drive)

    def setup(self) -> None:
        """Set up the providers in order, then the entrypoints. Nothing runs yet.

        Raises:
            StartError: a provider or an entrypoint cannot be set up; names it and the cause.
        """
        authenticator = self.guard.authenticator
        if authenticator is not None:
            bound = self.guard.authenticator = authenticator.bind(self)
            self._begin(bound, "be set up", bound.setup)
        for provider in self._providers:
            self._begin(provider, "be set up", provider.setup)
            self._set_up.add(id(provider))
        for transport in self._process.transports:
            self._entrypoints.extend(transport(self))
        self._entrypoints.extend(self._custom)
        for entrypoint in self._entrypoints:
            self._begin(entrypoint, "be set up", partial(entrypoint.setup, self))
            self._set_up.add(id(entrypoint))

    def start(self) -> None:
        """Start the providers, then the entrypoints: from here on requests come in. Raises StartError as `setup`."""
        for provider in self._providers:
            self._begin(provider, "start", provider.start)
        for entrypoint in self._entrypoints:
            self._begin(entrypoint, "start", entrypoint.start)
        log.info("%s is running (%d workers)", self.contract.name, self.max_workers)

    def stop_taking(self) -> None:
        """First step of a stop: no request comes in after it. What runs goes on."""
        for entrypoint in self._entrypoints:
            self._end(entrypoint, entrypoint.stop)

        self._long.begin_drain()

    def hand_over(self) -> None:
        """Abandon what has not begun and another instance can do; what came over HTTP is still done."""
        self._pool.hand_over()

    def drain(self, seconds: float) -> bool:
        """Second step: hand over what has not begun, let what has begun end; tell whether it did within `seconds`."""
        deadline = time.monotonic() + seconds
        ended = self._pool.drain(seconds)
        ended = self._long.drain(max(0.0, deadline - time.monotonic())) and ended
        if not ended:
            log.warning(
                "%s: requests that still run when the drain is over: %d; the broker gives theirs to others",
                self.contract.name,
                self._pool.open + self._long.open,
            )
            self._kill_workers()
        return ended

    def close(self) -> None:
        """Last step: let go of the entrypoints, stop the providers in reverse order. No worker runs any more."""
        for entrypoint in self._entrypoints:
            self._end(entrypoint, entrypoint.kill)
        for provider in reversed(self._providers):
            self._end(provider, provider.stop)
        log.info("%s has stopped", self.contract.name)

    def stop(self, drain: float) -> None:
        """Stop in good order, giving running work up to `drain` seconds."""
        self.stop_taking()
        self.drain(drain)
        self.close()

    def kill(self) -> None:
        """Let go of everything now; what was not acknowledged goes back to the broker."""
        self._kill_workers()
        parts: list[Entrypoint | DependencyProvider[Any]] = [*self._entrypoints, *reversed(self._providers)]
        for part in parts:
            if id(part) in self._set_up:
                self._end(part, part.kill)

    def _kill_workers(self) -> None:
        self._pool.kill()
        self._long.kill()

    def _begin(self, part: object, step: str, call: Callable[[], object]) -> None:
        try:
            call()
        except (Exception, SystemExit) as error:
            cause = str(error) if isinstance(error, StartError) else f"{type(error).__name__}: {error}"
            raise StartError(f"`{_describe(part)}` of {self.contract.name} cannot {step}: {cause}") from error

    def _end(self, part: object, call: Callable[[], None]) -> None:
        try:
            call()
        except (Exception, SystemExit):
            log.exception("`%s` of %s could not end in good order", _describe(part), self.contract.name)


def check_service(service_class: type[Any]) -> None:
    """Check that a class can be hosted.

    Raises:
        StartError: it is no service, or the contract has methods that it does not define, or defines so that they
            cannot be called as the contract says.
    """
    name = getattr(service_class, "__qualname__", repr(service_class))
    if not (inspect.isclass(service_class) and issubclass(service_class, ServiceBase)):
        raise StartError(f"`{name}` is no service: derive it from a generated ...Base class")
    if not isinstance(getattr(service_class, "contract", None), Service):
        raise StartError(f"`{name}` has no contract: derive it from a generated ...Base class, not from ServiceBase")
    missing = sorted(service_class.__abstractmethods__)
    if missing:
        listed = ", ".join(f"`{each}`" for each in missing)
        raise StartError(f"`{name}` does not define {listed}, which {service_class.contract.name} declares")
    for stub, positional, keywords in _calls_of(service_class.contract):
        problem = _mismatch(inspect.getattr_static(service_class, stub), positional, keywords)
        if problem:
            raise StartError(
                f"`{name}.{stub}` {problem}; define it as the generated base of {service_class.contract.name} does"
            )


def _calls_of(contract: Service) -> Iterable[tuple[str, int, tuple[str, ...]]]:
    """Yield the name of each method, the number of positional arguments after `self`, the names of the others."""
    for member in contract.by_name.values():
        yield member.stub, 0, member.arguments.__struct_fields__
    for handler in contract.subscriptions:
        yield handler.stub, 1, ()
    for route in contract.routes:
        yield route.stub, 1, route.arguments.__struct_fields__
    for page in contract.sockets:
        yield page.stub, 1, page.arguments.__struct_fields__
    for timer in contract.timers:
        yield timer.stub, 0, ()


def _mismatch(method: object, positional: int, keywords: Iterable[str]) -> str:
    """Say why a method of a class cannot be called so; nothing where it can, or where that cannot be known."""
    if not inspect.isfunction(method):
        return ""
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        return "is `async`, which is for clients: a service waits in plain functions, on green threads"
    try:
        inspect.signature(method).bind(*[None] * (1 + positional), **dict.fromkeys(keywords))
    except TypeError as error:
        return f"cannot be called as the contract says: {error}"
    return ""


def _describe(part: object) -> str:
    own = getattr(part, "name", "")
    return f"{own}: {type(part).__name__}" if own else type(part).__name__
