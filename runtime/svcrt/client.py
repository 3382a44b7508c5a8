"""`svcrt.connect`: calls, jobs and events from any Python program, any thread, without monkey patching."""

import os
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from svcrt import identities, topology, wire
from svcrt.amqp.caller import LinkCaller
from svcrt.amqp.link import AmqpLink
from svcrt.amqp.origins import Origin
from svcrt.amqp.requests import Requests
from svcrt.amqp.streams_client import OpenStream
from svcrt.authentication import identity_of
from svcrt.concurrency import backend
from svcrt.context import CallContext, Identity
from svcrt.contract import ArgumentsT, Event, ItemT, Oneway, PayloadT, ResultT, Rpc, StreamRpc
from svcrt.types import Concurrency, Topology


class Cluster:
    """A connection to the services behind one broker; give it to the generated clients. Thread-safe.

    Use it as a context manager or call `close`. One connection and one reply queue serve all clients and threads.
    """

    def __init__(
        self,
        link: AmqpLink,
        concurrency: Concurrency,
        *,
        name: str,
        wait_for_service: bool = False,
        baggage: Mapping[str, str] | None = None,
        authorization: str | None = None,
        identity: Identity | None = None,
        encoding: str = "json",
    ) -> None:
        self._link = link
        self._baggage = dict(baggage or {})
        self._authorization = authorization
        self._identity = identity
        self._requests = Requests(
            concurrency, link, app_id=name, wait_for_service=wait_for_service, packed=wire.is_packing(encoding)
        )
        self._caller = LinkCaller(
            concurrency=concurrency,
            link=link,
            requests=self._requests,
            app_id=name,
            origin=Origin(self._root, continues=False),
            remaining=self._remaining,
        )
        self._process, self._forks = os.getpid(), identities.forks

    @property
    def caller(self) -> LinkCaller:
        """What clients go through, for other front ends than this one."""
        return self._caller

    def start(self, *, wait: float | None) -> None:
        """Connect.

        Args:
            wait: seconds to wait for the broker; None goes on in the background.

        Raises:
            BrokerRefused: wrong password, virtual host or permission.
            BrokerUnavailable: no broker within `wait`.
        """
        # Before the start it is kept for every connection: a client may be there before the first service.
        self._link.declare(Topology(exchanges=topology.EXCHANGES))
        self._link.start(wait=wait)
        self._requests.start()

    def call(self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None) -> ResultT:
        """Call any method by its contract; what generated clients do. See `svcrt.bases.Caller`."""
        return self._caller.call(method, arguments, timeout=timeout)

    def submit(
        self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> Future[ResultT]:
        """Call without waiting. See `svcrt.bases.Caller`."""
        return self._caller.submit(method, arguments, timeout=timeout)

    def stream(
        self, method: StreamRpc[ArgumentsT, ItemT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> OpenStream[ItemT]:
        """Ask for a stream, without waiting. See `svcrt.bases.Caller`."""
        return self._caller.stream(method, arguments, timeout=timeout)

    def send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        """Hand in a background job. See `svcrt.bases.Caller`."""
        self._caller.send(method, arguments)

    def emit(self, event: Event[PayloadT], payload: PayloadT) -> None:
        """Announce an event, whichever service owns it: for scripts and tests. See `svcrt.bases.Caller`."""
        self._caller.emit(event, payload)

    def close(self) -> None:
        """End open calls and streams with OutcomeUnknown and close the connection. Harmless when called twice."""
        # After a fork the tasks of the connection are the parent's, and so is the connection.
        if os.getpid() == self._process:
            self._requests.stop()
            self._link.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remaining(self) -> None:
        """Give no limit of our own. Every way to call, send and announce asks for it, in the task of its caller."""
        if identities.forks != self._forks:
            raise RuntimeError(
                f"this cluster was connected in process {self._process} and cannot be used in its fork {os.getpid()}: "
                "connect after the fork, in each worker process, for instance at its first request"
            )

    def _root(self, timeout: float | None) -> CallContext:
        return CallContext(
            call_id=identities.CALL_IDS.next(),
            traceparent=identities.new_trace(),
            deadline=None if timeout is None else time.monotonic() + timeout,
            baggage=self._baggage,
            authorization=self._authorization,
            identity=self._identity,
        )


def connect(
    url: str | Sequence[str],
    *,
    wait: float | None = 10.0,
    wait_for_service: bool = False,
    baggage: Mapping[str, str] | None = None,
    authorization: str | None = None,
    principal: object = None,
    scheme: str = "bearer",
    heartbeat: float = 10.0,
    encoding: str = "json",
    link: str | None = None,
    concurrency: str = "threads",
) -> Cluster:
    """Connect to the services behind a broker.

    Args:
        url: `amqp://user:password@host:port/vhost`, or several for failover.
        wait: seconds to wait for the broker; None returns at once and connects in the background.
        wait_for_service: let calls wait, up to their deadline, for a service that is not running.
        baggage: application context that goes along with everything that follows from our calls.
        authorization: credential that goes along with calls, as an `Authorization` header has it.
        principal: on whose behalf all is done, for services that trust the bus; jobs and events carry it too.
        scheme: the `@auth` scheme that `principal` is taken for.
        heartbeat: seconds between heartbeats.
        encoding: `json` or `msgpack`, for what we send; answers come in the same.
        link: `fast`, or `stock` to talk through stock py-amqp; None for what `SVCGEN_LINK` says, else `fast`.
        concurrency: `threads`, or `green` inside an eventlet process.

    Raises:
        BrokerRefused: wrong password, virtual host or permission.
        BrokerUnavailable: no broker within `wait`.
        ConfigError: the URL says nothing that can be connected to, or there is no such link.
        ValueError: there is no such encoding or concurrency.
    """
    chosen = backend(concurrency)
    name = f"client@{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    cluster = Cluster(
        AmqpLink(url, chosen, name=name, heartbeat=max(1, round(heartbeat)), single=True, kind=link),
        chosen,
        name=name,
        wait_for_service=wait_for_service,
        baggage=baggage,
        authorization=authorization,
        identity=identity_of(principal, scheme),
        encoding=encoding,
    )
    cluster.start(wait=wait)
    return cluster
