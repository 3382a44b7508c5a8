"""Hosts services behind a gateway on a free port, on either back end, and talks to it over real sockets."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from svcrt.bases import Caller
from svcrt.concurrency import backend
from svcrt.container import Process, ServiceContainer
from svcrt.context import CallContext
from svcrt.contract import Oneway
from svcrt.extensions import SharedExtensions
from svcrt.http.gateway import Authenticate, Gateway
from svcrt.http.head import Limits
from svcrt.http.sockets.limits import SocketLimits
from svcrt.types import Binding, Consumer, Delivery, Link, Message, Queue

SECONDS = 10.0
"""How long a test waits for what must come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response: status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class SentJobs:
    """A caller that keeps what is sent, or raises what it is told to."""

    sent: list[tuple[str, object, CallContext]] = field(default_factory=list)
    error: Exception | None = None

    def through(self, context: CallContext) -> Caller:
        return cast("Caller", _Sender(self, context))


@dataclass(slots=True)
class _Sender:
    jobs: SentJobs
    context: CallContext

    def send(self, method: Oneway[Any], arguments: msgspec.Struct) -> None:
        if self.jobs.error is not None:
            raise self.jobs.error
        self.jobs.sent.append((f"{method.service}.{method.name}", arguments, self.context))


@dataclass(slots=True)
class LoopLink:
    """A link without a broker: what is posted reaches the consumers of this process at once."""

    consumers: list[tuple[Queue, Callable[[Delivery], None]]] = field(default_factory=list)

    def consume(self, queue: Queue, on_delivery: Callable[[Delivery], None], **_options: object) -> Consumer:
        self.consumers.append((queue, on_delivery))
        return cast("Consumer", self)

    def cancel(self) -> None:
        self.consumers.clear()

    def post(self, message: Message, *, exchange: str, routing_key: str) -> None:
        for queue, on_delivery in self.consumers:
            if Binding(exchange, routing_key) in queue.bindings:
                on_delivery(cast("Delivery", _Looped(message)))


@dataclass(slots=True)
class _Looped:
    message: Message


class HttpClient:
    """Sends requests to an address, each on a connection of its own."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address

    def request(
        self, method: str, path: str, body: bytes | str | object | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request; a body that is neither bytes nor str goes as JSON."""
        given = dict(headers or {})
        data: bytes | None = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else None
        if body is not None and data is None:
            data = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(*self.address, timeout=SECONDS)
        try:
            connection.request(method, path, body=data, headers=given)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(status=response.status, headers=names, body=response.read())
        finally:
            connection.close()

    def raw(self, data: bytes, *, keep_open: bool = False) -> bytes:
        """Send bytes as they are and return all that comes until the server closes the connection.

        Args:
            data: what to send; our side is then ended, unless `keep_open`.
            keep_open: prove that the server closes by itself.
        """
        with socket.create_connection(self.address, timeout=SECONDS) as connection:
            connection.sendall(data)
            if not keep_open:
                connection.shutdown(socket.SHUT_WR)
            return received(connection)


class Host(HttpClient):
    """A gateway with the real containers of some services, in a thread that belongs to its back end."""

    def __init__(
        self,
        concurrency: str,
        service_classes: tuple[type[Any], ...],
        *,
        limits: Limits | None = None,
        max_workers: int = 4,
        max_waiting: int = 100,
        authenticate: Authenticate | None = None,
        origins: tuple[str, ...] = (),
        socket_limits: SocketLimits | None = None,
    ) -> None:
        super().__init__(("", 0))
        self.jobs = SentJobs()
        self.stopped_in_time = True
        self.concurrency_name = concurrency
        self._classes = service_classes
        self._limits = limits
        self._max_workers = max_workers
        self._max_waiting = max_waiting
        self._authenticate = authenticate
        self._origins = origins
        self._socket_limits = socket_limits
        self._ready = threading.Event()
        self._drain: float | None = None
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        # A hub of eventlet belongs to one native thread: everything green is made and used in this one.
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(SECONDS)
        if self._failure is not None:
            raise self._failure

    def stop(self, drain: float = 1.0) -> None:
        self.begin_stop(drain)
        # Not a join: greenlets that are left in the hub keep the thread's lock, though its work is done.
        assert self._ended.wait(SECONDS)

    def begin_stop(self, drain: float) -> None:
        self._drain = drain
        self._stop.set()

    def _run(self) -> None:
        concurrency = backend(self.concurrency_name)
        gateway: Gateway | None = None
        try:
            gateway = Gateway(
                concurrency,
                ("127.0.0.1", 0),
                limits=self._limits,
                max_waiting=self._max_waiting,
                authenticate=self._authenticate,
                origins=self._origins,
                socket_limits=self._socket_limits,
            )
            process = Process(
                concurrency=concurrency,
                link=cast("Link", LoopLink()),
                shared=SharedExtensions(),
                call_through=self.jobs.through,
                transports=[gateway.entrypoints],
                config={},
                max_workers=self._max_workers,
            )
            containers = [ServiceContainer(each, process) for each in self._classes]
            for container in containers:
                container.setup()
            for container in containers:
                container.start()
            gateway.start()
            self.address = gateway.address
        except BaseException as error:
            self._failure = error
            if gateway is not None:
                gateway.kill()
            self._ready.set()
            return
        self._ready.set()
        while not self._stop.is_set():
            concurrency.sleep(0.005)
        drain = self._drain or 0.0
        for container in containers:
            container.stop_taking()
        for container in containers:
            container.hand_over()
        self.stopped_in_time = gateway.stop(drain)
        for container in containers:
            container.drain(drain)
        for container in containers:
            container.close()
        self._ended.set()


def received(connection: socket.socket) -> bytes:
    """Return all that comes until the other side ends."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def hosted(concurrency: str, *service_classes: type[Any], **options: Any) -> Iterator[Host]:
    """Start a host and stop it at the end."""
    host = Host(concurrency, service_classes, **options)
    host.start()
    try:
        yield host
    finally:
        host.stop()
