"""The WSGI server of the threads back end: wsgiref with one thread per connection, for tests and small programs."""

import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any, cast
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

from svcrt.concurrency.http_input import CONNECTION, ChunkedReader, ClientConnection, RecordedLines

__all__ = ["ThreadServer"]

log = logging.getLogger("svcrt.concurrency.wsgi")

SOCKET_SECONDS = 30.0
"""How long one read from or write to a client may take."""


class _Handler(WSGIRequestHandler):
    """One request, then the connection is closed."""

    timeout = SOCKET_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)

    def handle(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if len(self.raw_requestline) > 65536:
                self.requestline = self.request_version = self.command = ""
                self.send_error(414)
                return
            if not self.parse_request():
                return
            chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
            file = cast("Any", self.rfile)
            body = cast("Any", ChunkedReader(file) if chunked else file)
            output = cast("Any", self.wfile)
            handler = _Responder(body, output, self.get_stderr(), self.get_environ(), multithread=True)
            handler.request_handler = self
            handler.run(self.server.get_app())  # type: ignore[attr-defined] # socketserver types the server as its base
        except (TimeoutError, ConnectionError) as error:
            log.debug("a client went away: %s", error)

    def parse_request(self) -> bool:
        file = cast("Any", self.rfile)
        self._lines = RecordedLines(file, self.raw_requestline)
        self.rfile = cast("Any", self._lines)
        try:
            return super().parse_request()
        finally:
            self.rfile = file

    def get_environ(self) -> Any:
        environ: dict[str, Any] = super().get_environ()
        # Every connection of this server ends after its one request.
        environ[CONNECTION] = ClientConnection(
            head=self._lines.head(), socket=self.connection, close_after=lambda: None
        )
        return environ


class _Responder(ServerHandler):
    """Logs what the application raised; the client gets a bare 500."""

    http_version = "1.1"
    # Which Python serves is nobody's business.
    server_software = ""
    # What typeshed does not know of the base class.
    request_handler: Any
    environ: dict[str, Any]
    headers: Any

    def log_exception(self, exc_info: Any) -> None:
        log.debug("the application failed", exc_info=exc_info)

    def setup_environ(self) -> None:
        super().setup_environ()
        # `Transfer-Encoding` is not read here, so the connection cannot be used again.
        self.environ["wsgi.input_terminated"] = False

    def cleanup_headers(self) -> None:
        super().cleanup_headers()
        assert self.headers is not None
        self.headers["Connection"] = "close"


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """Counts its connections."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, max_clients: int) -> None:
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

    def __init__(self, listener: socket.socket, application: Callable[..., Any], max_clients: int) -> None:
        self._server = _Server(listener, max_clients)
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
