"""What both WSGI servers hand to the application beside PEP 3333: the request's head as it came, and a strict body.

A WSGI environment hides what request smuggling is made of (bare line feeds, doubled lengths, blanks before colons).
"""

import _socket
import logging
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from typing import Protocol

from svcrt.concurrency import Connector

__all__ = ["CONNECTION", "UNBUFFERED", "BadChunk", "ChunkedReader", "ClientConnection", "RecordedLines"]

CONNECTION = "svcrt.connection"
"""Key of the `ClientConnection` in the WSGI environment."""

UNBUFFERED = ("eventlet.minimum_write_chunk_size", 1)
"""Key and value in the WSGI environment that have each part of a response sent as it comes. wsgiref does it anyway."""

log = logging.getLogger("svcrt.concurrency.wsgi")

_LINGER_BYTES = 1024 * 1024
_LINGER_SECONDS = 2.0

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_MAX_LINE = 1024
_MAX_TRAILERS = 8192


class ByteFile(Protocol):
    """The reading end of a connection, buffered."""

    def read(self, size: int, /) -> bytes:
        """Read `size` bytes, fewer only at the end."""

    def readline(self, size: int, /) -> bytes:
        """Read up to the next line feed, at most `size` bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConnection:
    """The connection that a request came on.

    Attributes:
        head: the request line and the header lines, with their line ends, without the empty line.
        socket: the connection itself.
        close_after: have the connection closed when the present response is sent; call it before `start_response`.
        native: the operating system's socket under `socket`.
        file: what the server reads requests from; it may hold what came after the head.
        leave: have the server write no response and close the connection when the application returns.
    """

    head: tuple[bytes, ...]
    socket: socket.socket
    close_after: Callable[[], None]
    native: Connector
    file: BufferedReader
    leave: Callable[[], None]

    def take_over(self) -> tuple[Connector, bytes]:
        """Leave HTTP: return the connection, non-blocking now, and what has come on it after the head.

        It is the application's until that returns; then the server closes it.
        """
        self.leave()
        self.socket.settimeout(0.0)
        return self.native, self.file.peek(1)

    def cut(self) -> None:
        """Stop receiving now: whoever waits for the rest of the body sees its end."""
        self._shutdown(socket.SHUT_RD)

    def is_gone(self) -> bool:
        """Whether the client has ended its side, or the connection is lost. Reads nothing and never waits.

        What lies behind bytes that nobody has read (another request) is not seen.
        """
        # The plain socket of C: the one here may be green or have a time-out, and then a look could wait.
        try:
            probe = _socket.socket(fileno=self.socket.fileno())
        except (OSError, ValueError):
            return True
        try:
            return probe.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError as error:
            log.debug("a client is gone: %s", error)
            return True
        finally:
            probe.detach()

    def give_up_after(self, seconds: float) -> None:
        """Have the connection fail when the client's machine takes nothing for `seconds` of what was sent (Linux)."""
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if option is not None:
            try:
                self.socket.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))
            except OSError as error:
                log.debug("a connection has no time-out of its own: %s", error)

    def linger(self) -> None:
        """End our side, then read a little of what still comes: the response is out, the connection will be closed.

        Closing over unread bytes resets the connection, which destroys the response before the client has read it.
        """
        self._shutdown(socket.SHUT_WR)
        end, left = time.monotonic() + _LINGER_SECONDS, _LINGER_BYTES
        try:
            while left > 0 and (seconds := end - time.monotonic()) > 0:
                self.socket.settimeout(seconds)
                data = self.socket.recv(min(left, 64 * 1024))
                if not data:
                    return
                left -= len(data)
        except OSError as error:
            log.debug("a client did not end its side: %s", error)

    def _shutdown(self, how: int) -> None:
        try:
            self.socket.shutdown(how)
        except OSError as error:
            log.debug("a client was gone already: %s", error)


class RecordedLines:
    """A file that remembers the lines read from it."""

    def __init__(self, file: ByteFile, first: bytes) -> None:
        self._file = file
        self.lines = [first]

    def readline(self, size: int = -1) -> bytes:
        """Read a line as `file` does."""
        line = self._file.readline(size)
        self.lines.append(line)
        return line

    def head(self) -> tuple[bytes, ...]:
        """Return what was read up to the empty line."""
        return tuple(line for line in self.lines if line not in (b"\r\n", b"\n", b""))


class BadChunk(OSError):
    """A chunked body that is not framed as RFC 9112 wants it; nothing after it on the connection can be trusted."""


class ChunkedReader:
    """Decodes `Transfer-Encoding: chunked` and reads nothing beyond it.

    Raises:
        BadChunk: from `read`, at the first byte that does not fit.
    """

    def __init__(self, file: ByteFile) -> None:
        self._file = file
        self._left = 0
        self._begun = False
        self.ended = False

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, all of the body if negative; fewer only at its end."""
        parts: list[bytes] = []
        wanted = size
        while wanted and not self.ended:
            if not self._left and not self._next_chunk():
                break
            data = self._file.read(self._left if wanted < 0 else min(self._left, wanted))
            if not data:
                raise self._broken("the connection ended within a chunk")
            parts.append(data)
            self._left -= len(data)
            wanted -= len(data) if wanted > 0 else 0
        return b"".join(parts)

    def _next_chunk(self) -> bool:
        if self._begun and self._file.read(2) != b"\r\n":
            raise self._broken("a chunk is longer than its size says")
        self._begun = True
        found = _CHUNK_SIZE.fullmatch(self._file.readline(_MAX_LINE))
        if found is None:
            raise self._broken("a chunk has no valid size line")
        self._left = int(found[1], 16)
        if self._left:
            return True
        self._skip_trailers()
        self.ended = True
        return False

    def _skip_trailers(self) -> None:
        read = 0
        while (line := self._file.readline(_MAX_LINE)) != b"\r\n":
            read += len(line)
            if not line.endswith(b"\r\n") or read > _MAX_TRAILERS:
                raise self._broken("the trailers are malformed or too long")

    def _broken(self, reason: str) -> BadChunk:
        self.ended = True
        return BadChunk(reason)
