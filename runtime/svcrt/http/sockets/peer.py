"""The other side of a web socket, for tests and scripts: what a page does."""

import socket
import time
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

from svcrt.errors import SocketClosed

__all__ = ["HandshakeRefused", "SocketPeer"]

_RECEIVE_BYTES = 65536


class HandshakeRefused(Exception):
    """The service does not open the web socket.

    Attributes:
        status: of the HTTP response.
        body: of the HTTP response, a problem document as a rule.
    """

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"the web socket was refused with status {status}: {body.decode(errors='replace')}")
        self.status = status
        self.body = body


class SocketPeer:
    """A web socket to a service, open from the start; a context manager. Messages are JSON. For one thread.

    Args:
        url: `ws://host:port/path?query`; without TLS.
        headers: to send with the handshake, `Authorization` or `Origin` for instance.
        timeout: seconds that connecting, and a message, may take.

    Raises:
        HandshakeRefused: the service answered with something else.
        TimeoutError, OSError: nobody answered.
    """

    def __init__(self, url: str, *, headers: dict[str, str] | None = None, timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "ws" or parts.hostname is None:
            raise ValueError(f"a web socket of a service is at ws://host:port/path, not at {url!r}")
        self._timeout = timeout
        self._messages: deque[Any] = deque()
        self._text = ""
        self._opened = False
        self._refusal: tuple[int, bytes] | None = None
        self._closed: tuple[int, str] | None = None
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=timeout)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        try:
            self._send(Request(host=parts.netloc, target=target, extra_headers=sent))
            deadline = time.monotonic() + timeout
            while not self._opened:
                self._read(deadline)
        except BaseException:
            self._connection.close()
            raise

    def send(self, message: object) -> None:
        """Send a message. Raises SocketClosed when the socket is closed."""
        self._send(TextMessage(data=msgspec.json.encode(message).decode()))

    def receive(self, timeout: float | None = None) -> Any:
        """Wait for a message, at most `timeout` seconds (those of the constructor without one), and return its JSON.

        Raises:
            TimeoutError: none came.
            SocketClosed: the service has closed, with its code and reason, or the connection is lost.
        """
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        while not self._messages:
            self._read(deadline)
        return self._messages.popleft()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait until the service has closed, too. Harmless when it is closed."""
        if self._closed is None:
            # A service that does not answer in time, or has gone, is left alone.
            with suppress(SocketClosed, OSError):
                self._send(CloseConnection(code=code, reason=reason))
                deadline = time.monotonic() + self._timeout
                while True:
                    self._read(deadline)
            self._closed = (code, reason)
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, event: Event) -> None:
        if self._closed is not None:
            raise SocketClosed(*self._closed)
        self._connection.settimeout(self._timeout)
        self._connection.sendall(self._protocol.send(event))

    def _read(self, deadline: float) -> None:
        if self._closed is not None:
            raise SocketClosed(*self._closed)
        self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            data = self._connection.recv(_RECEIVE_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            self._closed = (1006, "")
            raise SocketClosed(*self._closed)
        self._protocol.receive_data(data)
        for event in self._protocol.events():
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case AcceptConnection():
                self._opened = True
            case RejectConnection():
                self._refusal = (event.status_code, b"")
                if not event.has_body:
                    raise HandshakeRefused(*self._refusal)
            case RejectData():
                assert self._refusal is not None
                self._refusal = (self._refusal[0], self._refusal[1] + event.data)
                if event.body_finished:
                    raise HandshakeRefused(*self._refusal)
            case TextMessage():
                self._text += event.data
                if event.message_finished:
                    self._messages.append(msgspec.json.decode(self._text))
                    self._text = ""
            case Ping():
                self._send(event.response())
            case CloseConnection():
                if self._protocol.state.name == "REMOTE_CLOSING":
                    self._send(event.response())
                self._closed = (event.code, event.reason or "")
