"""The WSGI server of the eventlet back end: eventlet.wsgi, silent, bounded in time and header sizes."""

import logging
import socket
from collections.abc import Callable
from typing import Any

import eventlet
import eventlet.greenio
import eventlet.wsgi

from svcrt.concurrency.http_head import RawHead, await_head, read_raw_head
from svcrt.concurrency.http_input import CONNECTION, ChunkedReader, ClientConnection

__all__ = ["GreenServer"]

log = logging.getLogger("svcrt.concurrency.wsgi")

KEEP_ALIVE_SECONDS = 75
"""How long a connection may idle between two requests."""
SOCKET_SECONDS = 30.0
"""How long one read from or write to a client may take."""
_MAX_DIGITS = 19
"""Of a length that is converted at all; the application refuses less."""


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

    def handle_one_request(self) -> None:
        self.close_connection = True
        if not await_head(self.rfile, self.connection, seconds=KEEP_ALIVE_SECONDS):
            return
        # Not idle any more: a stop waits for it.
        self.conn_state[2] = eventlet.wsgi.STATE_REQUEST
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

    def _take(self, head: RawHead) -> None:
        """Set what eventlet.wsgi wants to know when it frames the response."""
        found = head.environ()
        self.command = found["REQUEST_METHOD"]
        self.requestline = head.label
        self.request_version = found["SERVER_PROTOCOL"]
        self.close_connection = not head.persists
        # A client of HTTP/1.0 must be told that it may go on.
        self.headers = {"Connection": "keep-alive"} if head.persists and head.is_old else {}
        host, port = self.request.getsockname()[:2]
        chunked = found.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
        length = found.get("CONTENT_LENGTH", "")
        body = _Input(
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


class GreenServer:
    """See `svcrt.types.Server`."""

    def __init__(
        self,
        listener: socket.socket,
        application: Callable[..., Any],
        max_clients: int,
        head_seconds: float,
    ) -> None:
        self._head_seconds = head_seconds
        self._pool: Any = eventlet.GreenPool(max_clients)
        if not isinstance(listener, eventlet.greenio.GreenSocket):
            listener = eventlet.greenio.GreenSocket(listener)
        self._listener: Any = listener
        self._thread: Any = eventlet.spawn(self._run, listener, application)
        self._ended: Any = eventlet.Event()
        self._thread.link(lambda _thread: self._ended.send(True))

    def _protocol(self, conn_state: Any, server: Any) -> Any:
        server.head_seconds = self._head_seconds
        return _Protocol(conn_state, server)

    def _run(self, listener: Any, application: Callable[..., Any]) -> None:
        eventlet.wsgi.server(
            listener,
            application,
            log=_Log(),
            log_output=log.isEnabledFor(logging.DEBUG),
            custom_pool=self._pool,
            protocol=self._protocol,
            # Otherwise a client gets the traceback of what the application raised.
            debug=False,
            keepalive=KEEP_ALIVE_SECONDS,
            socket_timeout=SOCKET_SECONDS,
        )

    def stop(self, timeout: float) -> bool:
        """See `svcrt.types.Server`."""
        if not self._ended.ready():
            # eventlet.wsgi then closes what idles and waits for the rest.
            eventlet.spawn_n(self._thread.kill)
            eventlet.sleep(0)
            # eventlet.wsgi would do it at the very end: who connects until then would wait for nothing, then be reset.
            self._listener.close()
            self._ended.wait(timeout)
        if self._ended.ready():
            return True
        for thread in list(self._pool.coroutines_running):
            eventlet.spawn_n(thread.kill)
        self._ended.wait(1.0)
        return False
