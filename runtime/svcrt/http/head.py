"""Judges the raw head of a request: what two programs on its way could read differently is refused. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from svcrt.http.problems import Problem, Refusal

__all__ = ["Head", "Limits", "read_head"]

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(?P<method>" + _TOKEN + rb") (?P<target>[\x21-\x7e]+) HTTP/(?P<version>[0-9]\.[0-9])\r\n")
_FIELD = re.compile(rb"(?P<name>" + _TOKEN + rb"):[ \t]*(?P<value>[\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_ONCE = (b"content-length", b"content-type", b"host", b"transfer-encoding", b"authorization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a client may send, in bytes and seconds.

    Attributes:
        target: length of the request target (path and query).
        head: size of all header lines.
        body: size of a request body, chunked or not.
        body_seconds: how long a whole body may take from its first reading on.
    """

    target: int = 8000
    head: int = 32 * 1024
    body: int = 16 * 1024 * 1024
    body_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the gate needs of a head.

    Attributes:
        method: as it came.
        path: percent-encoded as it came, without query; `*` for `OPTIONS *`.
        length: bytes of the body; 0 without one, None for a chunked one.
    """

    method: str
    path: str
    length: int | None


def read_head(lines: Sequence[bytes], limits: Limits) -> Head:
    """Read a request's head.

    Args:
        lines: the request line and the header lines with their line ends.
        limits: what is too much.

    Raises:
        Refusal: with a problem after which the connection is closed.
    """
    found = _REQUEST_LINE.fullmatch(lines[0])
    if found is None:
        raise _malformed("The request line is not `METHOD target HTTP/1.1` followed by CR LF.")
    if found["version"] not in (b"1.1", b"1.0"):
        raise _refused(505, "HTTP/1.1 and HTTP/1.0 are spoken here.")
    target = found["target"].decode("ascii")
    if len(target) > limits.target:
        raise _refused(414, f"The request target has more than {limits.target} characters.")
    if sum(map(len, lines[1:])) > limits.head:
        raise _refused(431, f"The header lines have more than {limits.head} bytes.")
    fields = _fields(lines[1:])
    _check_host(fields, found["version"])
    return Head(
        method=found["method"].decode("ascii"),
        path=_path(found["method"], target),
        length=_length(fields, found["version"], limits),
    )


def _fields(lines: Sequence[bytes]) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise _malformed(
                "A header line is not `Name: value` followed by CR LF, on one line, of printable characters."
            )
        name = found["name"].lower()
        if name in fields and name in _ONCE:
            raise _malformed(f"The header `{name.decode('ascii').title()}` stands there twice.")
        fields[name] = found["value"]
    return fields


def _check_host(fields: dict[bytes, bytes], version: bytes) -> None:
    host = fields.get(b"host")
    if host is None and version == b"1.1":
        raise _malformed("The header `Host` is missing.")
    if host is not None and _HOST.fullmatch(host) is None:
        raise _malformed("The header `Host` is not `host` or `host:port`.")


def _length(fields: dict[bytes, bytes], version: bytes, limits: Limits) -> int | None:
    length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if coding is not None:
        if length is not None:
            raise _malformed("`Content-Length` and `Transfer-Encoding` contradict each other; send one of them.")
        if version != b"1.1":
            raise _malformed("`Transfer-Encoding` belongs to HTTP/1.1.")
        if coding.lower() != b"chunked":
            raise _refused(501, "The only transfer coding read here is `chunked`.")
        return None
    if length is None:
        return 0
    if _LENGTH.fullmatch(length) is None:
        raise _malformed("The header `Content-Length` is not a number of bytes in decimal digits.")
    if int(length) > limits.body:
        raise Refusal(too_large(limits))
    return int(length)


def _path(method: bytes, target: str) -> str:
    if target.startswith("/"):
        return target.partition("?")[0].partition("#")[0]
    if target == "*" and method == b"OPTIONS":
        return target
    try:
        parts = urlsplit(target)
    except ValueError:
        parts = None
    # A proxy's form; RFC 9112 wants every server to take it.
    if parts is None or parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        raise _malformed("The request target is no path that begins with `/`.")
    return parts.path or "/"


def too_large(limits: Limits) -> Problem:
    """The answer to a body over its limit."""
    return Problem(status=413, detail=f"The body has more than {limits.body} bytes.", close=True)


def _malformed(detail: str) -> Refusal:
    return _refused(400, detail)


def _refused(status: int, detail: str) -> Refusal:
    return Refusal(Problem(status=status, detail=detail, close=True))
