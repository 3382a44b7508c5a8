"""The HTTP entrypoint of a process: one port, one route map, every request run by a worker of its service."""

import logging
import math
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from werkzeug.wrappers import Request, Response

from svcrt.concurrency.http_input import CONNECTION
from svcrt.context import WorkerContext
from svcrt.contract import DEFAULT_TIMEOUT, HttpMember, Oneway, Route, Rpc, Service, SocketRoute, StreamRpc
from svcrt.errors import BrokerError, CallError, NotStarted, StartError, SystemFault
from svcrt.http import replies, streams
from svcrt.http.arguments import ArgumentReader
from svcrt.http.calls import call_context
from svcrt.http.gate import PATH, Gate
from svcrt.http.head import Limits
from svcrt.http.problems import Refusal
from svcrt.http.routes import RouteMap
from svcrt.http.sockets.feed import SocketFeed
from svcrt.http.sockets.limits import SocketLimits
from svcrt.middleware import ANSWERS
from svcrt.types import Concurrency, Container, Entrypoint, Flag, Outcome, Server

if TYPE_CHECKING:
    from svcrt.http.sockets.serving import SocketServing, Upgrade

__all__ = ["Authenticate", "Gateway", "HttpEntrypoint"]

log = logging.getLogger("svcrt.http")

Authenticate: TypeAlias = Callable[[str, WorkerContext], None]
"""Gets the scheme of `@auth` and the call; raises Unauthenticated or PermissionDenied."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Hosted:
    """A service and how many HTTP requests of it are under way."""

    container: Container
    lock: Any
    running: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    """What a route leads to."""

    hosted: _Hosted
    member: HttpMember
    reader: ArgumentReader


@dataclass(slots=True, eq=False)
class _Waiting:
    """A request whose worker has not ended."""

    ended: Flag
    outcome: Outcome | None = field(default=None)

    def settle(self, outcome: Outcome) -> None:
        if self.outcome is None:
            self.outcome = outcome
            self.ended.set()


class Gateway:
    """Serves the HTTP bindings of any number of services on one listening socket.

    Args:
        concurrency: the back end that everything here runs on.
        listener: a bound, listening socket, or host and port to listen on (port 0 lets the system choose).
        limits: how much a client may send.
        max_clients: connections at a time; more wait unaccepted.
        max_waiting: requests of one service that may wait for a worker; more are answered 503.
        authenticate: checks the caller of members with `@auth`; without it such members cannot be served.
        origins: whose pages may open web sockets beside our own, as `https://shop.example`; `*` for all.
        socket_limits: what is too much, too slow or too late on a web socket.
    """

    def __init__(
        self,
        concurrency: Concurrency,
        listener: socket.socket | tuple[str, int],
        *,
        limits: Limits | None = None,
        max_clients: int = 1024,
        max_waiting: int = 100,
        authenticate: Authenticate | None = None,
        origins: Sequence[str] = (),
        socket_limits: SocketLimits | None = None,
    ) -> None:
        self._concurrency = concurrency
        self._listener = listener if isinstance(listener, socket.socket) else socket.create_server(listener)
        self._limits = limits or Limits()
        self._max_clients = max_clients
        self._max_waiting = max_waiting
        self._authenticate = authenticate
        self._origins = tuple(origins)
        self._socket_limits = socket_limits or SocketLimits()
        self._sockets: SocketServing | None = None
        self._routes: RouteMap[_Endpoint] = RouteMap()
        self._waiting: set[_Waiting] = set()
        self._streams: set[streams.EventStream] = set()
        self._server: Server | None = None
        self._refuse_at = math.inf

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    def add(self, container: Container) -> None:
        """Serve what `container`'s contract binds to HTTP.

        Raises:
            StartError: two routes match the same requests, a path cannot be read, or a member wants an authentication
                that nobody gives.
        """
        contract = container.contract
        hosted = _Hosted(container=container, lock=self._concurrency.lock())
        for member in _bound(contract):
            assert member.http is not None
            if isinstance(member, SocketRoute):
                self._socket_serving()
            owner = f"{contract.name}.{member.name}"
            if _is_protected(member) and self._authenticate is None:
                raise StartError(
                    f'`{owner}` asks for @auth("{member.auth}"), and this process has nothing that checks callers; '
                    "give the gateway `authenticate`, or open the member with @auth(none)"
                )
            reader = ArgumentReader(member.arguments, member.http, is_raw=isinstance(member, Route))
            self._routes.add(owner, member.http, _Endpoint(hosted=hosted, member=member, reader=reader))

    def entrypoints(self, container: Container) -> Iterable[Entrypoint]:
        """Return what ties a container's life to its routes: nothing if it has none."""
        if not _bound(container.contract):
            return ()
        sockets = container.contract.sockets
        return (HttpEntrypoint(self), *((SocketFeed(sockets),) if sockets else ()))

    def start(self) -> None:
        """Accept connections."""
        if self._server is None:
            gate = Gate(self, self._concurrency, self._limits)
            self._server = self._concurrency.serve(
                self._listener, gate, max_clients=self._max_clients, head_seconds=self._limits.head_seconds
            )
            host, port = self.address
            log.info("HTTP is served on %s port %d", host, port)

    def stop(self, drain: float) -> bool:
        """Accept nothing more and let running requests end; tell whether they did within `drain` seconds.

        A request that was on its way is still served, so the containers must be running. Harmless when called twice.
        """
        self._refuse_at = min(self._refuse_at, time.monotonic() + self._limits.last_request_seconds)
        for stream in list(self._streams):
            stream.stop()
        server, self._server = self._server, None
        ended = True if server is None else server.stop(drain)
        if not ended:
            log.warning("HTTP requests still run after %g s; their connections were closed", drain)
        self._listener.close()
        return ended

    def kill(self) -> None:
        """Let go of everything now."""
        self._refuse_at = time.monotonic()
        for waiting in list(self._waiting):
            waiting.settle(Outcome(error=NotStarted("this instance was stopped")))
        for stream in list(self._streams):
            stream.close()
        self.stop(0.0)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request, as a WSGI application behind a `Gate`. Raises Refusal for what is not to be served."""
        began = time.monotonic()
        request = Request(environ)
        status = 500
        try:
            response = self._respond(request)
            status = response.status_code
        except Refusal as refusal:
            status = refusal.problem.status
            raise
        finally:
            elapsed = (time.monotonic() - began) * 1000
            log.debug("%s %s %d in %.1f ms", request.method, environ[PATH], status, elapsed)
        if self._refuse_at < math.inf and (connection := environ.get(CONNECTION)) is not None:
            # The client learns now that it has to go elsewhere, not from a reset.
            connection.close_after()
        return response(environ, start_response)

    def _respond(self, request: Request) -> "Response | Upgrade":
        if time.monotonic() >= self._refuse_at:
            raise Refusal(replies.stopping())
        path = request.environ[PATH]
        # werkzeug folds the case of `request.method`; RFC 9110 does not.
        method = request.environ["REQUEST_METHOD"]
        if method == "OPTIONS" and (allowed := self._routes.options(path)):
            return replies.options(allowed)
        match = self._routes.match(method, path)
        endpoint = match.endpoint
        member = endpoint.member
        context = WorkerContext(
            service=endpoint.hosted.container.contract.name,
            method=member.name,
            call=call_context(request, timeout=_timeout_of(member)),
        )
        if isinstance(member, SocketRoute):
            self._socket_serving().check(request)
        self._check_caller(member, context)
        return self._dispatch(endpoint, request, endpoint.reader.read(request, match.parameters), context)

    def _dispatch(
        self, endpoint: _Endpoint, request: Request, arguments: msgspec.Struct, context: WorkerContext
    ) -> "Response | Upgrade":
        container = endpoint.hosted.container
        match endpoint.member:
            case Rpc() as member:
                return replies.answer(member, context, self._work(endpoint, arguments, context, ()))
            case Oneway() as member:
                return _send(container, member, arguments, context)
            case StreamRpc() as member:
                return self._stream(container, member, request, arguments, context)
            case SocketRoute() as member:
                return self._socket_serving().serve(request, container, member, arguments, context)
            case Route() as member:
                context.data[ANSWERS] = replies.ABORTIONS
                return replies.raw_answer(member, context, self._work(endpoint, arguments, context, (request,)))

    def _socket_serving(self) -> "SocketServing":
        if self._sockets is None:
            # Only here, at the start: a process without sockets loads no wsproto.
            from svcrt.http.sockets.serving import SocketServing

            self._sockets = SocketServing(self._concurrency, self._origins, self._socket_limits)
        return self._sockets

    def _check_caller(self, member: HttpMember, context: WorkerContext) -> None:
        if self._authenticate is not None and member.auth is not None and _is_protected(member):
            try:
                self._authenticate(member.auth, context)
            except SystemFault as error:
                raise Refusal(replies.failed(error, member, context)) from error
            except Exception as error:
                label = f"{context.service}.{context.method}"
                log.exception("the caller of %s could not be checked (call %s)", label, context.call.call_id)
                raise Refusal(replies.failed(error, member, context)) from error

    def _stream(
        self,
        container: Container,
        member: StreamRpc[Any, Any],
        request: Request,
        arguments: msgspec.Struct,
        context: WorkerContext,
    ) -> Response:
        form = streams.negotiate(request)
        if request.method == "HEAD":
            return streams.head(member, form)
        stream = streams.EventStream(self._concurrency, member, context, form, request, self._streams.discard)
        self._streams.add(stream)
        return stream.open(container, _keywords(arguments))

    def _work(
        self, endpoint: _Endpoint, arguments: msgspec.Struct, context: WorkerContext, positional: tuple[object, ...]
    ) -> Outcome:
        """Have a worker run the method and wait for its end, up to the deadline."""
        hosted, waiting = endpoint.hosted, _Waiting(self._concurrency.flag())
        with hosted.lock:
            if hosted.running >= hosted.container.max_workers + self._max_waiting:
                raise Refusal(replies.busy())
            hosted.running += 1

        def on_outcome(outcome: Outcome) -> None:
            # Only now: a request whose client was told 504 still holds its place in the line.
            with hosted.lock:
                hosted.running -= 1
            waiting.settle(outcome)

        self._waiting.add(waiting)
        try:
            keywords = _keywords(arguments)
            hosted.container.spawn_worker(
                endpoint.member.stub, keywords, context, on_outcome, positional=positional, only_here=True
            )
            waiting.ended.wait(context.remaining())
        finally:
            self._waiting.discard(waiting)
        if waiting.outcome is None:
            raise Refusal(replies.too_late(context))
        return waiting.outcome


class HttpEntrypoint:
    """Adds one container's routes. The process starts and stops the gateway itself, once for all containers."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def setup(self, container: Container) -> None:
        """Add the routes. Raises StartError as `Gateway.add`."""
        self._gateway.add(container)

    def start(self) -> None:
        """Nothing: `Gateway.start` follows when every service has started."""

    def stop(self) -> None:
        """Nothing: `Gateway.stop` follows; a request that comes before it is still served."""

    def kill(self) -> None:
        """Nothing: `Gateway.kill` lets go of all requests."""


def _send(container: Container, member: Oneway[Any], arguments: msgspec.Struct, context: WorkerContext) -> Response:
    try:
        container.caller(context).send(member, arguments)
    except (CallError, BrokerError) as error:
        raise Refusal(replies.unsent(error, context)) from error
    return replies.accepted(member)


def _timeout_of(member: HttpMember) -> float | None:
    """Seconds that a request may take. What a raw route, a stream or a socket does lasts as long as it needs."""
    match member:
        case Rpc():
            return member.timeout
        case Oneway():
            return DEFAULT_TIMEOUT
        case _:
            return None


def _keywords(arguments: msgspec.Struct) -> dict[str, object]:
    return {name: getattr(arguments, name) for name in arguments.__struct_fields__}


def _bound(contract: Service) -> list[HttpMember]:
    members: list[HttpMember] = [
        *contract.rpcs,
        *contract.streams,
        *contract.oneways,
        *contract.routes,
        *contract.sockets,
    ]
    return [member for member in members if member.http is not None]


def _is_protected(member: HttpMember) -> bool:
    return member.auth not in (None, "none")
