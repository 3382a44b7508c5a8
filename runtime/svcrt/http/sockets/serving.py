"""From a handshake to a long worker and back: what the gateway does with a `socket` member."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from werkzeug.wrappers import Request

from svcrt.concurrency import backend
from svcrt.concurrency.http_input import CONNECTION, ClientConnection
from svcrt.context import WorkerContext
from svcrt.contract import SocketRoute
from svcrt.errors import (
    DeclaredError,
    Interrupted,
    Overloaded,
    PermissionDenied,
    SocketClosed,
    Unauthenticated,
)
from svcrt.http.problems import Problem, Refusal
from svcrt.http.replies import RETRY_AFTER
from svcrt.http.sockets.connection import SocketConnection, short_reason
from svcrt.http.sockets.handshake import check_handshake, check_origin, greeting
from svcrt.http.sockets.limits import SocketLimits
from svcrt.http.sockets.typed import TypedSocket
from svcrt.open_sockets import OpenSockets
from svcrt.types import Concurrency, Container, LongWorker, Outcome

__all__ = ["SocketServing", "Upgrade"]

log = logging.getLogger("svcrt.http.sockets")


class Upgrade:
    """A WSGI application that takes its connection over and returns when the web socket is over."""

    status_code = 101

    def __init__(self, serve: Callable[[], None]) -> None:
        self._serve = serve

    def __call__(self, _environ: dict[str, Any], _start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve; the server writes no response."""
        self._serve()
        return ()


class SocketServing:
    """Serves the web sockets of a gateway.

    Args:
        concurrency: the back end that everything here runs on.
        origins: whose pages may open web sockets beside our own; `*` for all.
        limits: what is too much, too slow or too late.
    """

    def __init__(self, concurrency: Concurrency, origins: Sequence[str], limits: SocketLimits) -> None:
        self._backend = backend(concurrency.name)
        self._origins = tuple(origins)
        self._limits = limits

    def check(self, request: Request) -> None:
        """Let a proper handshake from an allowed origin pass. Raises Refusal: 426, 400, 403."""
        check_handshake(request)
        check_origin(request, self._origins)

    def serve(
        self,
        request: Request,
        container: Container,
        member: SocketRoute[Any, Any],
        arguments: msgspec.Struct,
        context: WorkerContext,
    ) -> Upgrade:
        """Start the method; what is returned serves the connection.

        Raises:
            Refusal: 503 when as many are open as may be, or the service is stopping.
        """
        client: ClientConnection | None = request.environ.get(CONNECTION)
        if client is None:
            raise Refusal(Problem(status=501, detail="This server cannot carry web sockets."))
        sockets = container.share(OpenSockets, container.concurrency.name)
        if len(sockets) >= self._limits.sockets:
            raise _busy(Overloaded(f"{len(sockets)} web sockets are open already, which is the limit of this instance"))
        call_id = context.call.call_id
        label = f"{context.service}.{context.method} (call {call_id})"
        connection = SocketConnection(self._backend, self._limits, greeting(request), label)
        socket: TypedSocket[Any, Any] = TypedSocket(sockets.next_id(), member, connection)
        ended = self._backend.flag()

        def on_outcome(outcome: Outcome) -> None:
            connection.close(*_ending(outcome.error, label, call_id))
            ended.set()

        sockets.add(socket)
        try:
            worker = container.spawn_long_worker(
                member.stub,
                {name: getattr(arguments, name) for name in arguments.__struct_fields__},
                context,
                on_outcome,
                on_stopping=lambda: connection.close(1001, "this instance is stopping"),
                positional=(socket,),
            )
        except Overloaded as error:
            sockets.discard(socket)
            connection.abandon()
            raise _busy(error) from None

        def serve() -> None:
            try:
                if connection.run(client.take_over):
                    client.linger()
            finally:
                sockets.discard(socket)
            if not ended.wait(self._limits.notice_seconds):
                _interrupt(worker, connection)

        return Upgrade(serve)


def _interrupt(worker: LongWorker, connection: SocketConnection) -> None:
    if not connection.has_noticed:
        # It waits for something else, and whom it works for has gone.
        worker.interrupt()


def _ending(error: BaseException | None, label: str, call_id: str) -> tuple[int, str]:
    """Return code and reason of the close after a method; of what went wrong only the call id goes out."""
    match error:
        case None | Interrupted() | SocketClosed():
            return 1000, ""
        case Unauthenticated() | PermissionDenied() if error.reported_by is None:
            return 1008, short_reason(str(error))
        case DeclaredError():
            # The middleware leaves declared errors to whoever can report them; a socket declares none.
            log.error("%s: ended with %s: %s", label, type(error).__name__, error)
    return 1011, f"the service failed; its log says more under call {call_id}"


def _busy(error: Overloaded) -> Refusal:
    return Refusal(Problem(status=503, detail=str(error), name=Overloaded.wire_name, headers=RETRY_AFTER))
