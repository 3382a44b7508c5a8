"""The WSGI server of the eventlet back end: eventlet.wsgi, silent, bounded in time and header sizes."""

import logging
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import eventlet
import eventlet.greenio
import eventlet.wsgi

from svcrt.concurrency.http_input import CONNECTION, ChunkedReader, ClientConnection, RecordedLines

__all__ = ["GreenServer"]

log = logging.getLogger("svcrt.concurrency.wsgi")

KEEP_ALIVE_SECONDS = 75
"""How long a connection may idle between two requests."""
SOCKET_SECONDS = 30.0
"""How long one read from or write to a client may take."""
HEAD_SECONDS = 20.0
"""How long a request's head may take, from its first byte to its empty line."""


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


class _HeadTimeout(eventlet.Timeout):  # type: ignore[misc] # eventlet has no types
    """A head that did not come within `HEAD_SECONDS`."""


class _Input(eventlet.wsgi.Input):  # type: ignore[misc] # eventlet has no types
    """A request body; a chunked one is decoded strictly (eventlet.wsgi takes `+5`, `0x5`, bare LF, endless lines)."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._chunks = ChunkedReader(self.rfile)

    def _chunked_read(self, rfile: Any, length: int | None = None, use_readline: bool = False) -> bytes:
        if self.should_send_hundred_continue and not self._chunks.ended:
            self.send_hundred_continue_response()
            self.is_hundred_continue_response_sent = True
        return self._chunks.read(-1 if length is None else length)


class _Protocol(eventlet.wsgi.HttpProtocol):  # type: ignore[misc] # eventlet has no types
    """Keeps the request's head for the application, bounds the time it may take, and answers without HTML."""

    rfile: Any  # ours while the head is read

    def handle_one_request(self) -> None:
        self._head_timeout: Any = None
        try:
            super().handle_one_request()
        except _HeadTimeout:
            self.close_connection = True
        finally:
            self._end_of_head()

    def _read_request_line(self) -> Any:
        # Idle until the first byte; from there on the whole head has one deadline, however slowly it drips.
        self.connection.settimeout(KEEP_ALIVE_SECONDS)
        self._buffer = self.rfile
        try:
            begun = not self.rfile.closed and self.rfile.peek(1)
        except ConnectionError as error:
            log.debug("a client went away: %s", error)
            begun = False
        if not begun:
            return b""
        self._head_timeout = _HeadTimeout(HEAD_SECONDS)
        return super()._read_request_line()

    def _end_of_head(self) -> None:
        if self._head_timeout is not None:
            self._head_timeout.cancel()

    def parse_request(self) -> Any:
        self._lines = self.rfile = RecordedLines(self.rfile, self.raw_requestline)
        parsed = super().parse_request()
        self._end_of_head()
        return parsed

    def get_environ(self) -> Any:
        environ = super().get_environ()
        body = environ["eventlet.input"]
        environ["wsgi.input"] = environ["eventlet.input"] = _Input(
            body.rfile,
            body.content_length,
            self.connection,
            wfile=body.wfile,
            wfile_line=body.wfile_line,
            chunked_input=body.chunked_input,
        )
        environ["wsgi.input_terminated"] = True
        environ[CONNECTION] = ClientConnection(
            head=self._lines.head(),
            socket=self.connection,
            close_after=self._close_after,
            native=self.connection.fd,
            file=self._buffer,
            leave=self._leave,
        )
        return environ

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            # Where a client has gone the last flush fails before this, and the socket would stay open until collected.
            self.rfile.close()

    def _close_after(self) -> None:
        self.close_connection = True

    def _leave(self) -> None:
        eventlet.wsgi.WSGI_LOCAL.already_handled = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        # The base class would answer in HTML and repeat what the client sent.
        phrase = HTTPStatus(code).phrase
        self.close_connection = True
        self.wfile.write(
            f"HTTP/1.1 {code:d} {phrase}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode("ascii")
        )

    def log_message(self, format: str, *arguments: object) -> None:
        log.debug(format, *arguments)


class GreenServer:
    """See `svcrt.types.Server`."""

    def __init__(self, listener: socket.socket, application: Callable[..., Any], max_clients: int) -> None:
        self._pool: Any = eventlet.GreenPool(max_clients)
        if not isinstance(listener, eventlet.greenio.GreenSocket):
            listener = eventlet.greenio.GreenSocket(listener)
        self._thread: Any = eventlet.spawn(self._run, listener, application)
        self._ended: Any = eventlet.Event()
        self._thread.link(lambda _thread: self._ended.send(True))

    def _run(self, listener: Any, application: Callable[..., Any]) -> None:
        eventlet.wsgi.server(
            listener,
            application,
            log=_Log(),
            log_output=log.isEnabledFor(logging.DEBUG),
            custom_pool=self._pool,
            protocol=_Protocol,
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
            self._ended.wait(timeout)
        if self._ended.ready():
            return True
        for thread in list(self._pool.coroutines_running):
            eventlet.spawn_n(thread.kill)
        self._ended.wait(1.0)
        return False
