"""The WSGI server of the threads back end: wsgiref with one thread per connection, for tests and small programs."""

import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any, cast
from wsgiref.handlers import SimpleHandler
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

from svcrt.concurrency.http_head import RawHead, await_head, read_raw_head
from svcrt.concurrency.http_input import CONNECTION, ChunkedReader, ClientConnection

__all__ = ["ThreadServer"]

log = logging.getLogger("svcrt.concurrency.wsgi")

SOCKET_SECONDS = 30.0
"""How long one read from or write to a client may take."""


class _Handler(WSGIRequestHandler):
    """One request, then the connection is closed."""

    timeout = SOCKET_SECONDS
    is_left = False

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)

    def handle(self) -> None:
        server = cast("_Server", self.server)
        file = cast("Any", self.rfile)
        try:
            if not await_head(file, self.connection, seconds=SOCKET_SECONDS):
                return
            head = read_raw_head(file, self.connection, seconds=server.head_seconds)
            self.connection.settimeout(SOCKET_SECONDS)
            if head is None:
                return
            self.requestline = head.label
            environ = self._environ(head)
            chunked = environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
            body = cast("Any", ChunkedReader(file) if chunked else file)
            output = cast("Any", self.wfile)
            handler = _Responder(body, output, self.get_stderr(), environ, multithread=True)
            handler.request_handler = self
            handler.run(cast("Any", server.get_app()))
        except (TimeoutError, ConnectionError) as error:
            log.debug("a client went away: %s", error)

    def _environ(self, head: RawHead) -> dict[str, Any]:
        # Every connection of this server ends after its one request.
        connection = ClientConnection(
            head=head,
            socket=self.connection,
            close_after=lambda: None,
            native=self.connection,
            file=cast("Any", self.rfile),
            leave=self._leave,
        )
        return {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "SERVER_NAME": cast("_Server", self.server).server_name,
            "SERVER_PORT": str(cast("_Server", self.server).server_port),
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": str(self.client_address[1]),
            **head.environ(),
            CONNECTION: connection,
        }

    def _leave(self) -> None:
        self.is_left = True


class _Responder(ServerHandler):
    """Logs what the application raised; the client gets a bare 500."""

    http_version = "1.1"
    # Which Python serves is nobody's business.
    server_software = ""
    # What typeshed does not know of the base class.
    request_handler: Any
    environ: dict[str, Any]
    headers: Any
    status: Any
    headers_sent: bool

    def log_exception(self, exc_info: Any) -> None:
        log.debug("the application failed", exc_info=exc_info)

    def setup_environ(self) -> None:
        # Otherwise `HTTP_PROXY` of this process would be a header of every request.
        self.os_environ = {}
        super().setup_environ()
        # `Transfer-Encoding` is not read here, so the connection cannot be used again.
        self.environ["wsgi.input_terminated"] = False

    def start_response(self, status: Any, headers: Any, exc_info: Any = None) -> Any:
        # wsgiref holds that no application may speak of the connection; the gateway's 426 has to.
        upgrade = [(name, value) for name, value in headers if name.lower() == "upgrade"]
        kept = [(name, value) for name, value in headers if name.lower() not in ("upgrade", "connection")]
        write = super().start_response(status, kept, exc_info)
        for name, value in upgrade:
            self.headers.add_header(name, value)
        return write

    def finish_response(self) -> None:
        if self.request_handler.is_left:
            # Not our own `close`, which logs the status of a response.
            SimpleHandler.close(self)
        else:
            super().finish_response()

    def finish_content(self) -> None:
        if not self.headers_sent and (self.environ["REQUEST_METHOD"] == "HEAD" or self.status[:3] in ("204", "304")):
            # The base class would say `Content-Length: 0`, which is not so for HEAD and not allowed for 204.
            self.send_headers()
        else:
            super().finish_content()

    def cleanup_headers(self) -> None:
        super().cleanup_headers()
        assert self.headers is not None
        self.headers["Connection"] = "close, upgrade" if "Upgrade" in self.headers else "close"


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """Counts its connections."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, max_clients: int, head_seconds: float) -> None:
        self.head_seconds = head_seconds
        address = listener.getsockname()
        super().__init__(address[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        # Another process that shares the socket may take the client that woke us.
        listener.setblocking(False)
        self.socket = listener
        self.server_address = address
        self.server_name, self.server_port = address[0], address[1]
        self.setup_environ()
        self.idle = threading.Condition()
        self.clients: set[socket.socket] = set()
        self._free = threading.Semaphore(max_clients)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._free.acquire()
        with self.idle:
            self.clients.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()
            with self.idle:
                self.clients.discard(request)
                self.idle.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a connection failed", exc_info=True)


class ThreadServer:
    """See `svcrt.types.Server`."""

    def __init__(
        self,
        listener: socket.socket,
        application: Callable[..., Any],
        max_clients: int,
        head_seconds: float,
    ) -> None:
        self._server = _Server(listener, max_clients, head_seconds)
        self._server.set_app(application)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="svcrt-http", daemon=True
        )
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """See `svcrt.types.Server`."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        deadline = time.monotonic() + timeout
        server = self._server
        with server.idle:
            ended = server.idle.wait_for(lambda: not server.clients, max(0.0, deadline - time.monotonic()))
            for client in server.clients:
                try:
                    client.shutdown(socket.SHUT_RDWR)
                except OSError as error:
                    log.debug("a client was gone already: %s", error)
        return ended
