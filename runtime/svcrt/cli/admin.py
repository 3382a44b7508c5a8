"""The admin port: small pages about the run, for probes. One thread of the supervisor, whatever the workers do."""

import json
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from svcrt.cli.health import Answer

CLIENTS = 32
"""Connections at a time; more are closed."""
CLIENT_SECONDS = 5.0
"""What a client has from its connection to the end of its answer."""
_TICK_SECONDS = 0.5

log = logging.getLogger("svcrt.run")


class AdminPort:
    """Serves pages on a listening socket while entered.

    Args:
        listener: the socket; it stays the caller's.
        pages: the answer to GET, by path; called in threads.
    """

    def __init__(self, listener: socket.socket, pages: Mapping[str, Callable[[], Answer]]) -> None:
        self._server = _Server(listener, pages)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _TICK_SECONDS}, name="admin port", daemon=True
        )

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Accept no client any more."""
        self._server.shutdown()
        self._thread.join()


class _Server(socketserver.ThreadingMixIn, socketserver.BaseServer):
    """A thread per connection, few of them, each for a short time."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, pages: Mapping[str, Callable[[], Answer]]) -> None:
        super().__init__(listener.getsockname(), _Handler)
        self.pages = pages
        self._listener = listener
        listener.setblocking(False)
        self._clients: dict[socket.socket, float] = {}
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self._listener.fileno()

    def get_request(self) -> tuple[socket.socket, Any]:
        return self._listener.accept()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        with self._lock:
            if len(self._clients) >= CLIENTS:
                return False
            self._clients[request] = time.monotonic() + CLIENT_SECONDS
        return True

    def service_actions(self) -> None:
        # A time-out of the socket alone would let a client drip byte by byte.
        with self._lock:
            for client, deadline in self._clients.items():
                if time.monotonic() > deadline:
                    _end(client, socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._clients.pop(request, None)
        _end(request, socket.SHUT_WR)
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a client of the admin port went away", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """One request, then the connection is closed."""

    timeout = CLIENT_SECONDS
    # With 0.9, its own default, the base class leaves the head of an answer away.
    default_request_version = "HTTP/1.0"
    server: _Server

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            known = ", ".join(sorted(self.server.pages))
            self._answer(Answer(404, {"error": f"there is no such page; there are: {known}"}))
        else:
            self._answer(page())

    def do_HEAD(self) -> None:
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        # The base class knows no `do_POST` and would answer in HTML, repeating what the client sent.
        if code == 501:
            self._answer(Answer(405, {"error": "only GET and HEAD are answered here"}), ("Allow", "GET, HEAD"))
        else:
            self._answer(Answer(code, {"error": "the request cannot be read"}))

    def _answer(self, answer: Answer, *headers: tuple[str, str]) -> None:
        self.close_connection = True
        data = json.dumps(answer.body, ensure_ascii=False).encode() + b"\n"
        self.send_response_only(answer.status)
        for name, value in (
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            ("Cache-Control", "no-store"),
            ("Connection", "close"),
            *headers,
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        log.debug("admin port: " + format, *arguments)


def _end(client: socket.socket, how: int) -> None:
    try:
        client.shutdown(how)
    except OSError as error:
        log.debug("a client of the admin port was gone already: %s", error)
