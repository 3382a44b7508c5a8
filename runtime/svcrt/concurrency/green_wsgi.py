"""The WSGI server of the eventlet back end: eventlet.wsgi, silent, bounded in time and header sizes."""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import eventlet
import eventlet.event
import eventlet.greenio
import eventlet.hubs
import eventlet.semaphore
import eventlet.wsgi
from greenlet import GreenletExit

from svcrt.concurrency.http_head import LAST_REQUEST_SECONDS, RawHead, await_head, read_raw_head
from svcrt.concurrency.http_input import CONNECTION, ChunkedReader, ClientConnection

__all__ = ["GreenServer"]

log = logging.getLogger("svcrt.concurrency.wsgi")

KEEP_ALIVE_SECONDS = 75
"""How long a connection may idle between two requests."""
SOCKET_SECONDS = 30.0
"""How long one read from or write to a client may take."""
_MAX_DIGITS = 19
"""Of a length that is converted at all; the application refuses less."""
_ACCEPT_PAUSE = 0.1
_LAST_ACCEPTED = 64
"""Connections that a stopping server still takes from the backlog: few, since others may share it and never end."""


class _Log:
    """What eventlet.wsgi writes to; its access log and its tracebacks are for those who look for them."""

    def error(self, message: str, *arguments: object) -> None:
        log.warning(message, *arguments)

    def info(self, message: str, *arguments: object) -> None:
        log.debug(message, *arguments)

    def debug(self, message: str, *arguments: object) -> None:
        log.debug(message, *arguments)

    def write(self, message: str, *arguments: object) -> None:
        log.debug(message.rstrip("\n"), *arguments)


class _Input(eventlet.wsgi.Input):  # type: ignore[misc] # eventlet has no types
    """A request body; a chunked one is decoded strictly (eventlet.wsgi takes `+5`, `0x5`, bare LF, endless lines)."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._chunks = ChunkedReader(self.rfile)

    def _chunked_read(self, rfile: Any, length: int | None = None, use_readline: bool = False) -> bytes:
        return self._chunks.read(-1 if length is None else length)


class _Protocol(eventlet.wsgi.HttpProtocol):  # type: ignore[misc] # eventlet has no types
    """Reads the request's head itself and leaves its judgement to the application; eventlet.wsgi sends the response."""

    def setup(self) -> None:
        super().setup()
        self._waiting_since: float | None = None
        self._body: _Input | None = None
        self.server.connections.add(self)

    def announce_end(self) -> None:
        """Have the response under way say that it is the last of this connection, if it has not begun."""
        if self._body is None or not self._body.headers_sent:
            self.close_connection = True

    def end_waiting(self, *, since: float) -> None:
        """End the connection if it has waited for a request since then; one that has arrived is still answered."""
        if self._waiting_since is not None and self._waiting_since <= since:
            try:
                self.connection.shutdown(socket.SHUT_RD)
            except OSError as error:
                log.debug("a client was gone already: %s", error)

    def handle_one_request(self) -> None:
        self.close_connection = True
        self._body = None
        if not self._await_head():
            return
        head = read_raw_head(self.rfile, self.connection, seconds=self.server.head_seconds)
        self.connection.settimeout(SOCKET_SECONDS)
        if head is None:
            return
        self._take(head)
        self.application = self.server.app
        self.server.outstanding_requests += 1
        try:
            self.handle_one_response()
        except ConnectionError as error:
            log.debug("a client went away: %s", error)
        finally:
            self.server.outstanding_requests -= 1

    def _await_head(self) -> bool:
        self._waiting_since = time.monotonic()
        try:
            seconds = LAST_REQUEST_SECONDS if self.server.is_draining else KEEP_ALIVE_SECONDS
            return await_head(self.rfile, self.connection, seconds=seconds)
        finally:
            self._waiting_since = None

    def _take(self, head: RawHead) -> None:
        """Set what eventlet.wsgi wants to know when it frames the response."""
        found = head.environ()
        self.command = found["REQUEST_METHOD"]
        self.requestline = head.label
        self.request_version = found["SERVER_PROTOCOL"]
        self.close_connection = not head.persists or self.server.is_draining
        # A client of HTTP/1.0 must be told that it may go on.
        self.headers = {"Connection": "keep-alive"} if head.persists and head.is_old else {}
        host, port = self.request.getsockname()[:2]
        chunked = found.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
        length = found.get("CONTENT_LENGTH", "")
        body = self._body = _Input(
            self.rfile,
            int(length) if length.isascii() and length.isdigit() and len(length) < _MAX_DIGITS else 0,
            self.connection,
            chunked_input=chunked,
        )
        self.environ = {
            **self.server.get_environ(),
            **found,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": str(self.client_address[1]),
            "GATEWAY_INTERFACE": "CGI/1.1",
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "eventlet.input": body,
            "eventlet.posthooks": [],
            CONNECTION: ClientConnection(
                head=head,
                socket=self.connection,
                close_after=self._close_after,
                native=self.connection.fd,
                file=self.rfile,
                leave=self._leave,
            ),
        }

    def _close_after(self) -> None:
        self.close_connection = True

    def _leave(self) -> None:
        eventlet.wsgi.WSGI_LOCAL.already_handled = True

    def finish(self) -> None:
        self.server.connections.discard(self)
        # The base class leaves `rfile`, and with it the socket, open when the last flush fails.
        for file in (self.wfile, self.rfile):
            try:
                file.close()
            except OSError as error:
                log.debug("a client went away: %s", error)
        eventlet.greenio.shutdown_safe(self.connection)
        self.connection.close()

    def get_client_address(self) -> tuple[str, str]:
        # What `X-Forwarded-For` says is the application's affair.
        return self.client_address[0], str(self.client_address[1])

    def log_message(self, format: str, *arguments: object) -> None:
        log.debug(format, *arguments)


class _Server(eventlet.wsgi.Server):  # type: ignore[misc] # eventlet has no types
    """What the connections of one server share."""

    def __init__(self, listener: Any, application: Callable[..., Any], head_seconds: float) -> None:
        super().__init__(
            listener,
            listener.getsockname(),
            application,
            log=_Log(),
            log_output=log.isEnabledFor(logging.DEBUG),
            protocol=_Protocol,
            # Otherwise a client gets the traceback of what the application raised.
            debug=False,
            keepalive=KEEP_ALIVE_SECONDS,
            socket_timeout=SOCKET_SECONDS,
        )
        self.head_seconds = head_seconds
        self.connections: set[_Protocol] = set()
        self.is_draining = False


class GreenServer:
    """See `svcrt.types.Server`. Any number of processes may serve one listening socket.

    The loop is ours: that of eventlet.wsgi ends for good at the first reset or missing descriptor in `accept`, and,
    stopped, cuts idle connections at once, a request that is on its way included.
    """

    def __init__(
        self, listener: socket.socket, application: Callable[..., Any], max_clients: int, head_seconds: float
    ) -> None:
        if not isinstance(listener, eventlet.greenio.GreenSocket):
            listener = eventlet.greenio.GreenSocket(listener)
        self._listener: Any = listener
        self._server = _Server(listener, application, head_seconds)
        self._places: Any = eventlet.semaphore.Semaphore(max_clients)
        self._clients: set[Any] = set()
        self._ended: Any = eventlet.event.Event()
        self._acceptor: Any = eventlet.spawn(self._run)

    def _run(self) -> None:
        while True:
            # First a place, then a client: one that waited for a place in here would be lost in a stop.
            self._places.acquire()
            try:
                client, address = self._listener.accept()
            except OSError as error:
                self._places.release()
                if self._listener.fileno() < 0:
                    return
                # Out of descriptors, or this client is gone again: the others still want in.
                log.warning("a connection could not be accepted: %s", error)
                eventlet.sleep(_ACCEPT_PAUSE)
            else:
                self._begin(client, address)

    def _begin(self, client: Any, address: Any) -> None:
        thread = eventlet.spawn(self._serve, client, address)
        self._clients.add(thread)
        # A link also fires when the thread is killed before its first step.
        thread.link(self._note_end, client)

    def _serve(self, client: Any, address: Any) -> None:
        client.settimeout(SOCKET_SECONDS)
        try:
            self._server.process_request([address, client, eventlet.wsgi.STATE_IDLE])
        except OSError as error:
            log.debug("a client went away: %s", error)
        except GreenletExit:
            raise
        except BaseException:  # a SystemExit would reach the hub and end the process
            log.exception("a connection failed")

    def _note_end(self, thread: Any, client: Any) -> None:
        self._clients.discard(thread)
        self._places.release()
        eventlet.greenio.shutdown_safe(client)
        client.close()
        self._check_end()

    def _check_end(self) -> None:
        if self._server.is_draining and not self._clients and not self._ended.ready():
            self._ended.send(True)

    def stop(self, timeout: float) -> bool:
        """See `svcrt.types.Server`."""
        deadline = time.monotonic() + timeout
        self._stop_accepting()
        stopped = time.monotonic()
        self._wait(min(stopped + LAST_REQUEST_SECONDS, deadline))
        for connection in list(self._server.connections):
            connection.end_waiting(since=stopped)
        self._wait(deadline)
        if self._ended.ready():
            return True
        for thread in list(self._clients):
            eventlet.spawn_n(thread.kill)
        self._wait(time.monotonic() + 1.0)
        return False

    def _wait(self, deadline: float) -> None:
        self._check_end()
        if not self._ended.ready():
            self._ended.wait(max(0.0, deadline - time.monotonic()))

    def _stop_accepting(self) -> None:
        self._acceptor.kill()
        # Who has got through to us is served; others that share the socket take those who come now.
        for _ in range(_LAST_ACCEPTED):
            if not self._places.acquire(blocking=False):
                break
            try:
                client, address = self._listener.fd.accept()
            except OSError:
                break
            eventlet.hubs.notify_opened(client.fileno())
            self._begin(eventlet.greenio.GreenSocket(client), address)
        self._listener.close()
        self._server.is_draining = True
        for connection in list(self._server.connections):
            connection.announce_end()
