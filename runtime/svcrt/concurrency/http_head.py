"""The head of a request as both WSGI servers read it: byte for byte, bounded in size and time, judged by nobody here.

The parsers of http.server and eventlet.wsgi repair or refuse what they do not like, each in its own way, before an
application hears of it. Here every head reaches the application, which refuses with the document that it wants.
"""

import enum
import logging
import time
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

__all__ = ["LAST_REQUEST_SECONDS", "HeadFault", "RawHead", "await_head", "read_raw_head"]

log = logging.getLogger("svcrt.concurrency.wsgi")

MAX_HEAD = 256 * 1024
"""Bytes of a head that are kept; the rest is not even read."""
LAST_REQUEST_SECONDS = 1.0
"""How long a stopping server waits for, and serves, a request that may be on its way."""
_MAX_BLANK_LINES = 8
_MAX_LABEL = 200


class HeadFault(enum.Enum):
    """Why a head was not read to its end."""

    LONG = "long"
    SLOW = "slow"
    SHORT = "short"


class _Buffered(Protocol):
    def peek(self, size: int = ..., /) -> bytes: ...

    def read(self, size: int | None = ..., /) -> bytes: ...


class _Timed(Protocol):
    def settimeout(self, seconds: float | None, /) -> None: ...


@dataclass(frozen=True, slots=True)
class RawHead:
    """A head as it came.

    Attributes:
        lines: the request line and the header lines, with their line ends, without the empty line.
        fault: why there is no more of it; None for a whole one.
    """

    lines: tuple[bytes, ...]
    fault: HeadFault | None = None

    def environ(self) -> dict[str, str]:
        """Return what PEP 3333 wants of the head; of a malformed one whatever can be made out.

        Names with an underscore are left out, since `A_B` and `A-B` would be one variable.
        """
        words = [*self.lines[0].decode("latin-1").split(), "", ""]
        path, _, query = words[1].partition("?")
        found = {
            "REQUEST_METHOD": words[0],
            "PATH_INFO": unquote(path, encoding="latin-1"),
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "SERVER_PROTOCOL": "HTTP/1.0" if self.is_old else "HTTP/1.1",
        }
        for line in self.lines[1:]:
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or "_" in name:
                continue
            key = name.replace("-", "_").upper()
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            value = value.strip(" \t\r\n")
            found[key] = f"{found[key]},{value}" if key in found else value
        return found

    @property
    def label(self) -> str:
        """The request line for a log: without the query, which may hold a secret, and printable."""
        line = self.lines[0].partition(b"?")[0].rstrip()[:_MAX_LABEL]
        return line.decode("latin-1").encode("unicode_escape").decode("ascii")

    @property
    def is_old(self) -> bool:
        """Whether the client speaks HTTP/1.0 or less: it knows no chunks, and its connections end by default."""
        version = self.lines[0].rpartition(b" HTTP/")[2].strip()
        return version[:2] != b"1." or version == b"1.0"

    @property
    def persists(self) -> bool:
        """Whether the client wants to use the connection again (RFC 9112, 9.3)."""
        options = {
            option.strip().lower()
            for line in self.lines[1:]
            if line[:11].lower() == b"connection:"
            for option in line[11:].split(b",")
        }
        if self.fault is not None or b"close" in options:
            return False
        return not self.is_old or b"keep-alive" in options


def await_head(file: _Buffered, connection: _Timed, *, seconds: float) -> bool:
    """Wait for the first byte of a request; False when the client went away or idled for `seconds`."""
    connection.settimeout(seconds)
    try:
        return bool(file.peek(1))
    except OSError as error:
        log.debug("a client sent nothing more: %s", error)
        return False


def read_raw_head(file: _Buffered, connection: _Timed, *, seconds: float) -> RawHead | None:
    """Read up to the empty line and nothing beyond it.

    Args:
        file: reads from `connection`.
        connection: its time-out is changed.
        seconds: how long all of it may take, however slowly it drips.

    Returns:
        None when the connection was lost, or ended before a request line began.
    """
    deadline = time.monotonic() + seconds
    lines: list[bytes] = []
    line, size, blank = b"", 0, 0
    while True:
        left = deadline - time.monotonic()
        try:
            connection.settimeout(max(left, 0.001))
            waiting = file.peek(1)
        except TimeoutError:
            return _cut(lines, line, HeadFault.SLOW)
        except OSError as error:
            log.debug("a client went away: %s", error)
            return None
        if not waiting:
            return _cut(lines, line, HeadFault.SHORT)
        if left <= 0:
            return _cut(lines, line, HeadFault.SLOW)
        end = waiting.find(b"\n") + 1
        # It is in the buffer: this does not block.
        piece = file.read(end or len(waiting))
        line += piece
        size += len(piece)
        if size > MAX_HEAD:
            return _cut(lines, line, HeadFault.LONG)
        if not end:
            continue
        if line != b"\r\n":
            lines.append(line)
            if b" HTTP/" not in lines[0]:
                # HTTP/0.9, or nothing that we know: no empty line would come.
                return RawHead(tuple(lines))
        elif lines:
            return RawHead(tuple(lines))
        else:
            # RFC 9112, 2.2: an empty line before a request line is skipped; some clients end bodies with one too many.
            blank += 1
            if blank > _MAX_BLANK_LINES:
                return RawHead((line,))
        line = b""


def _cut(lines: list[bytes], rest: bytes, fault: HeadFault) -> RawHead | None:
    kept = (*lines, rest) if rest else tuple(lines)
    return RawHead(kept, fault) if kept else None
