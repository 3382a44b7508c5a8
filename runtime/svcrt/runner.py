"""A runner hosts several services in one process: one link, one request engine, one HTTP gateway, a container each."""

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from svcrt import identities, wire
from svcrt.amqp.caller import LinkCaller, child_of
from svcrt.amqp.entrypoints import broker_entrypoints
from svcrt.amqp.link import AmqpLink
from svcrt.amqp.requests import Requests
from svcrt.bases import Caller
from svcrt.concurrency import backend
from svcrt.container import Process, ServiceContainer, check_service
from svcrt.context import CallContext, WorkerContext
from svcrt.contract import Service
from svcrt.errors import BrokerRefused, BrokerUnavailable, StartError
from svcrt.extensions import SharedExtensions
from svcrt.http.sockets.limits import SocketLimits
from svcrt.middleware import Middleware
from svcrt.timers import timer_entrypoints
from svcrt.topology import CLASSIC, service_topology
from svcrt.types import Container, Entrypoint

if TYPE_CHECKING:
    from svcrt.http.gateway import Gateway

log = logging.getLogger("svcrt.runner")

DEFAULT_WORKERS = 10
DEFAULT_DRAIN = 30.0
_NAME_LENGTH = 100
_FIRST_CONNECTION = 3.0
"""Seconds that the start waits for the broker before it goes on without one."""


class Runner:
    """Hosts services. `start`, then `stop` or `kill`; each once.

    Args:
        service_classes: implementations of generated bases, started in this order and stopped in reverse.
        broker: one or more broker URLs, tried in turn.
        concurrency: `green` (eventlet) or `threads`.
        config: the application's own settings.
        max_workers: requests that each service works on at a time.
        http: a bound, listening socket for the services' HTTP members; None serves none.
        origins: whose pages may open web sockets beside our own, as `https://shop.example`; `*` for all.
        socket_limits: what is too much, too slow or too late on a web socket; None for the defaults.
        heartbeat: seconds between AMQP heartbeats.
        middleware: the application's own, outermost first.
        wait_for_service: let calls of workers wait, up to their deadline, for a service that is not running.
        encoding: `json` or `msgpack`, for what workers call, send and announce; requests are answered as they come.
        link: `fast`, or `stock` to talk through stock py-amqp; None for what `SVCGEN_LINK` says, else `fast`.
        queues: `classic` or `quorum`, for jobs, events and what is parked of them.
    """

    def __init__(
        self,
        service_classes: Sequence[type[Any]],
        *,
        broker: str | Sequence[str],
        concurrency: str = "green",
        config: Mapping[str, Any] | None = None,
        max_workers: int = DEFAULT_WORKERS,
        http: socket.socket | None = None,
        origins: Sequence[str] = (),
        socket_limits: SocketLimits | None = None,
        heartbeat: float = 10.0,
        middleware: Sequence[Middleware] = (),
        wait_for_service: bool = False,
        encoding: str = "json",
        link: str | None = None,
        queues: str = CLASSIC,
    ) -> None:
        self._classes = tuple(service_classes)
        self._broker = broker
        self._concurrency = backend(concurrency)
        self._config = dict(config or {})
        self._max_workers = max_workers
        self._http = http
        self._origins = tuple(origins)
        self._socket_limits = socket_limits
        self._heartbeat = heartbeat
        self._middleware = tuple(middleware)
        self._wait_for_service = wait_for_service
        self._packed = wire.is_packing(encoding)
        self._kind = link
        self._queues = queues
        self._name = f"{_short_names(self._classes)}@{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._shared = SharedExtensions()
        self._containers: list[ServiceContainer] = []
        self._link: AmqpLink | None = None
        self._requests: Requests | None = None
        self._gateway: Gateway | None = None
        self._running = False
        self._is_stopping = False
        self._forks = identities.forks
        self._process = os.getpid()

    @property
    def containers(self) -> tuple[ServiceContainer, ...]:
        """The services that are hosted, once started."""
        return tuple(self._containers)

    @property
    def ready(self) -> bool:
        """Whether requests reach every service: started, connected, consuming, not blocked by the broker."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """What stands between requests and the services, each as a clause; empty when `ready`."""
        if self._link is None or not self._running:
            return ("it is stopping" if self._is_stopping else "it is starting",)
        return self._link.missing

    def start(self) -> None:
        """Start everything; returns when requests are taken, or will be as soon as the broker is there.

        Raises:
            StartError: a service, a provider or the broker's refusal; one sentence, and nothing is left running.
        """
        try:
            self._start()
        except StartError:
            self.kill()
            raise

    def _start(self) -> None:
        # 1. What the classes lack is said before anything is touched.
        for service_class in self._classes:
            check_service(service_class)
        # 2. Connect, or go on trying in the background: a broker may come after its services.
        link = self._link = self._connect()
        requests = self._requests = Requests(
            self._concurrency,
            link,
            app_id=self._name,
            wait_for_service=self._wait_for_service,
            packed=self._packed,
        )
        requests.start()
        # 3. Set up all before any starts: services of one process may need each other.
        process = Process(
            concurrency=self._concurrency,
            link=link,
            shared=self._shared,
            call_through=lambda context: self._caller(link, requests, context),
            transports=self._transports(),
            config=self._config,
            max_workers=self._max_workers,
            middleware=self._middleware,
        )
        for service_class in self._classes:
            container = ServiceContainer(service_class, process)
            self._containers.append(container)
            container.setup()
        # 4. From here on requests come in.
        for extension in self._shared.in_order():
            extension.start()
        for container in self._containers:
            container.start()
        if self._gateway is not None:
            self._gateway.start()
        self._running = True

    def stop(self, drain: float = DEFAULT_DRAIN) -> bool:
        """Stop in good order.

        Args:
            drain: seconds that running work may take to end, all services together.

        Returns:
            Whether all work ended in time; what did not is given to other instances by the broker.
        """
        self._running = False
        self._is_stopping = True
        deadline = time.monotonic() + drain
        # 1. Nothing new, anywhere: what is refused here is taken by another instance.
        for container in reversed(self._containers):
            container.stop_taking()
        # 2. What has not begun is handed over; a request over HTTP cannot be: those on their way are still served.
        if self._gateway is not None:
            for container in reversed(self._containers):
                container.hand_over()
            self._gateway.stop(drain)
        # 3. What has begun ends, answers and is acknowledged.
        ended = [container.drain(max(0.0, deadline - time.monotonic())) for container in reversed(self._containers)]
        # 4. Providers and shared parts let go, last come, first gone.
        for container in reversed(self._containers):
            container.close()
        for extension in reversed(self._shared.in_order()):
            self._quietly(extension.stop)
        # 5. Replies and acks that wait are sent; then the broker takes back what was not acknowledged.
        self._disconnect()
        return all(ended)

    def kill(self) -> None:
        """Let go of everything now; unacknowledged work goes back to the broker."""
        self._running = False
        if self._gateway is not None:
            self._gateway.kill()
        for container in reversed(self._containers):
            container.kill()
        for extension in reversed(self._shared.in_order()):
            self._quietly(extension.kill)
        self._disconnect()

    def _connect(self) -> AmqpLink:
        try:
            link = self._new_link()
            link.start(wait=_FIRST_CONNECTION)
        except BrokerRefused as error:
            raise StartError(f"the broker refuses us: {error}") from error
        except BrokerUnavailable as error:
            log.warning("%s; the services start without it and go on trying", error)
            # A link that could not start is over.
            link = self._new_link()
            link.start()
        return link

    def _new_link(self) -> AmqpLink:
        heartbeat = max(1, round(self._heartbeat))
        link = AmqpLink(self._broker, self._concurrency, name=self._name, heartbeat=heartbeat, kind=self._kind)
        for service_class in self._classes:
            link.declare(service_topology(service_class.contract, self._queues))
        return link

    def _disconnect(self) -> None:
        if self._requests is not None:
            self._requests.stop()
        if self._link is not None:
            self._link.stop()

    def _transports(self) -> list[Callable[[Container], Iterable[Entrypoint]]]:
        transports: list[Callable[[Container], Iterable[Entrypoint]]] = [
            partial(broker_entrypoints, queue_type=self._queues),
            timer_entrypoints,
        ]
        if self._http is not None:
            # Only here: a process without HTTP loads no werkzeug.
            from svcrt.http.gateway import Gateway

            self._gateway = Gateway(
                self._concurrency,
                self._http,
                authenticate=self._authenticate,
                origins=self._origins,
                socket_limits=self._socket_limits,
            )
            transports.append(self._gateway.entrypoints)
        return transports

    def _authenticate(self, scheme: str, context: WorkerContext) -> None:
        for container in self._containers:
            if container.contract.name == context.service:
                container.guard.check(scheme, context)

    def _caller(self, link: AmqpLink, requests: Requests, context: CallContext) -> Caller:
        return LinkCaller(
            concurrency=self._concurrency,
            link=link,
            requests=requests,
            app_id=self._name,
            origin=child_of(context),
            remaining=partial(self._remaining, context),
        )

    def _remaining(self, context: CallContext) -> float | None:
        """Return what is left of the request. Every way to call, send and announce asks, in the task of its caller."""
        if identities.forks != self._forks:
            raise RuntimeError(
                f"this service runs in process {self._process} and its clients cannot be used in its fork "
                f"{os.getpid()}: connect after the fork, with svcrt.connect"
            )
        return context.remaining()

    def _quietly(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (Exception, SystemExit):
            log.exception("a shared extension could not end in good order")


def _short_names(classes: Sequence[type[Any]]) -> str:
    """Return what a process is called by: `Orders`, `Orders+Billing`. The name is sent with each message: it is cut."""
    contracts = [getattr(each, "contract", None) for each in classes]
    joined = "+".join(each.name.rpartition(".")[2] for each in contracts if isinstance(each, Service))
    return joined if len(joined) <= _NAME_LENGTH else f"{joined[:_NAME_LENGTH]}..."
