"""WSGI middleware around the gateway: in goes only what is unambiguous and bounded, out only what is well-formed."""

import io
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

from svcrt.concurrency.http_head import RawHead
from svcrt.concurrency.http_input import CONNECTION, ClientConnection
from svcrt.http.body import Body
from svcrt.http.head import Head, Limits, read_head
from svcrt.http.problems import MEDIA_TYPE, Problem, Refusal, phrase
from svcrt.types import Alarm, Concurrency

__all__ = ["PATH", "Application", "Gate"]

log = logging.getLogger("svcrt.http")

Headers: TypeAlias = list[tuple[str, str]]
Application: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

PATH = "svcrt.path"
"""Key of the percent-encoded path in the WSGI environment; `PATH_INFO` cannot tell `%2F` from a slash."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_FRAMING = ("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")


class Gate:
    """Stands between the server and the application.

    Args:
        application: what serves the requests that pass. `wsgi.input` ends where the body ends, and `environ[PATH]` is
            the path as it came.
        concurrency: whose clock bounds a body.
        limits: how much a client may send.
    """

    def __init__(self, application: Application, concurrency: Concurrency, limits: Limits) -> None:
        self._application = application
        self._concurrency = concurrency
        self._limits = limits

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        connection: ClientConnection | None = environ.get(CONNECTION)
        try:
            head = _head(environ, connection, self._limits)
        except Refusal as refusal:
            return _Exchange(environ, start_response, connection, None).refuse(refusal.problem)
        body = Body(
            environ["wsgi.input"],
            head.length,
            self._limits,
            self._clock(connection),
            ask=connection.go_on if connection is not None and head.waits else None,
        )
        environ["wsgi.input"] = io.BufferedReader(body, 64 * 1024)
        environ["wsgi.input_terminated"] = True
        environ[PATH] = head.path
        environ["QUERY_STRING"] = head.query
        environ["PATH_INFO"] = unquote(head.path, encoding="latin-1")
        if head.host:
            environ["HTTP_HOST"] = head.host
        exchange = _Exchange(environ, start_response, connection, body)
        try:
            return exchange.run(self._application)
        except Refusal as refusal:
            return exchange.refuse(refusal.problem)
        except Exception:
            log.exception("a request failed in the gateway")
            return exchange.refuse(Problem(status=500, detail="The gateway failed; its log says more.", close=True))

    def _clock(self, connection: ClientConnection | None) -> Callable[[Callable[[], None]], Alarm]:
        def ring(when_over: Callable[[], None]) -> None:
            when_over()
            if connection is not None:
                connection.cut()

        return lambda when_over: self._concurrency.call_later(self._limits.body_seconds, ring, when_over)


def _head(environ: dict[str, Any], connection: ClientConnection | None, limits: Limits) -> Head:
    if connection is not None:
        return read_head(connection.head, limits)
    # Another server, or a test client: what it made of the head has to do.
    length = environ.get("CONTENT_LENGTH") or "0"
    host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME") or "localhost"
    target = quote(environ.get("PATH_INFO", "/"), safe="/", encoding="latin-1") or "/"
    framing = "Transfer-Encoding: chunked" if environ.get("HTTP_TRANSFER_ENCODING") else f"Content-Length: {length}"
    query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
    lines = [f"{environ['REQUEST_METHOD']} {target}{query} HTTP/1.1\r\n", f"Host: {host}\r\n", f"{framing}\r\n"]
    return read_head(RawHead(tuple(line.encode("latin-1") for line in lines)), limits)


class _Exchange:
    """One request and its response."""

    def __init__(
        self,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        connection: ClientConnection | None,
        body: Body | None,
    ) -> None:
        self._environ = environ
        self._start_response = start_response
        self._connection = connection
        self._body = body
        self._started = False
        self._closes = False
        self._length: int | None = None

    def run(self, application: Application) -> Iterable[bytes]:
        return self._out(application(self._environ, self._start))

    def refuse(self, problem: Problem) -> Iterable[bytes]:
        if self._started:
            raise RuntimeError("the response has begun already")
        return self._out([self._say(problem)])

    def _say(self, problem: Problem, exc_info: Any = None) -> bytes:
        data = problem.body()
        headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(data))), *problem.headers]
        if problem.close:
            self._close_after()
        self._begin(f"{problem.status} {phrase(problem.status)}", headers, exc_info)
        return data

    def _fail(self, exc_info: Any) -> bytes:
        """Say that a response failed of which nothing is out yet."""
        detail = "The response could not be made; the service's log says why."
        return self._say(Problem(status=500, detail=detail, close=True), exc_info)

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        fault = _header_fault(headers)
        if fault is None and _VALUE.fullmatch(status) is None:
            fault = "the status line has a line break or another control character"
        if fault is not None:
            # The application's value goes to the log only, quoted: it may be an attack on the next reader.
            log.error("%s %s: %s", self._environ["REQUEST_METHOD"], self._environ.get(PATH), fault)
            detail = "The response could not be sent; the service's log says why."
            raise Refusal(Problem(status=500, detail=detail, close=True))
        return self._begin(status, headers)

    def _begin(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
        self._started = True
        if self._body is not None:
            self._body.ask = None
        if self._body is not None and not self._body.ended:
            # What is left of the body would be read as the next request, or be read to no end.
            self._close_after()
        if not status.startswith(("204", "304")):
            self._length = next((int(value) for name, value in headers if name.lower() == "content-length"), None)
        write: Callable[[bytes], object] = self._start_response(status, headers, exc_info)
        return write

    def _close_after(self) -> None:
        if self._connection is not None and not self._closes:
            self._closes = True
            self._connection.close_after()

    def _out(self, parts: Iterable[bytes]) -> Iterable[bytes]:
        method = self._environ["REQUEST_METHOD"]
        label = f"{method} {self._environ.get(PATH)}"
        return _Out(parts, 0 if method == "HEAD" else self._length, label, self._fail, self._finish)

    def _finish(self) -> None:
        if self._body is not None:
            self._body.stop_clock()
        if self._closes and self._connection is not None:
            self._connection.linger()


class _Out:
    """The parts of a response: as many bytes as were announced, since one more would be read as the next response."""

    def __init__(
        self,
        parts: Iterable[bytes],
        length: int | None,
        label: str,
        fail: Callable[[Any], bytes],
        finish: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._length = length
        self._label = label
        self._fail = fail
        self._finish = finish

    def __iter__(self) -> Iterator[bytes]:
        left, begun = self._length, False
        if left == 0:
            return
        try:
            for part in _tamed(self._parts):
                kept = part if left is None else part[:left]
                if kept:
                    begun = True
                    yield kept
                left = None if left is None else left - len(kept)
                if len(kept) < len(part):
                    log.error("%s: the response is longer than its Content-Length; the rest was left out", self._label)
                    return
            if left:
                raise ValueError("it is shorter than its Content-Length")
        except Exception:
            log.exception("%s: the response broke off", self._label)
            if begun:
                raise
            yield self._fail(sys.exc_info())

    def close(self) -> None:
        try:
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
        finally:
            self._finish()


def _tamed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield `parts`; what the application raises to end the process ends its response only."""
    items = iter(parts)
    while True:
        try:
            part = next(items)
        except StopIteration:
            return
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            raise RuntimeError(f"the application raised {type(error).__name__}") from error
        yield part


def _header_fault(headers: Headers) -> str | None:
    for name, value in headers:
        if _NAME.fullmatch(name) is None:
            return f"the response has a header called {name!r}, which is no header name"
        if _VALUE.fullmatch(value) is None:
            return f"the response header `{name}` has a line break or a character that no header can carry: {value!r}"
        if name.lower() in _FRAMING:
            return f"the response has a header `{name}`: how a message is framed is the server's affair"
    return None
