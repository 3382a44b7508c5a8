"""Judges the raw head of a request: what two programs on its way could read differently is refused. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from svcrt.concurrency.http_head import LAST_REQUEST_SECONDS, HeadFault, RawHead
from svcrt.http.problems import Problem, Refusal

__all__ = ["Head", "Limits", "read_head"]

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(?P<method>" + _TOKEN + rb") (?P<target>[\x21-\x7e]+) HTTP/(?P<version>[0-9]\.[0-9])\r\n")
_FIELD = re.compile(rb"(?P<name>" + _TOKEN + rb"):[ \t]*(?P<value>[\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_HOST = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?::[0-9]{0,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{0,5})?"
)
# RFC 3986, and what browsers leave as it is (WHATWG URL): no fragment, no half escape, no backslash that is a slash to
# somebody else.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/\[\]|-]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?\[\]|{}\\^`-]|%[0-9A-Fa-f]{2})*")
_ABSOLUTE = re.compile(r"(?i:https?)://(?P<host>[^/?#]+)(?P<rest>.*)")
_ONCE = (b"content-length", b"content-type", b"host", b"transfer-encoding", b"authorization", b"expect")
_LONGEST_METHOD = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a client may send, in bytes and seconds.

    Attributes:
        target: length of the request target (path and query).
        head: size of all header lines.
        fields: number of header lines.
        body: size of a request body, chunked or not.
        head_seconds: how long a whole head may take from its first byte on.
        body_seconds: how long a whole body may take from its first reading on.
        last_request_seconds: how long an instance that stops serves what is on its way; then it answers 503.
    """

    target: int = 8000
    head: int = 32 * 1024
    fields: int = 100
    body: int = 16 * 1024 * 1024
    head_seconds: float = 20.0
    body_seconds: float = 60.0
    last_request_seconds: float = LAST_REQUEST_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the gate needs of a head.

    Attributes:
        method: as it came.
        path: percent-encoded as it came, without query; `*` for `OPTIONS *`.
        query: as it came, without the question mark.
        host: host and port that the client wants to reach; empty where HTTP/1.0 names none.
        length: bytes of the body; 0 without one, None for a chunked one.
        waits: whether the client sends its body only when it is told to go on.
    """

    method: str
    path: str
    query: str
    host: str
    length: int | None
    waits: bool


def read_head(head: RawHead, limits: Limits) -> Head:
    """Read a request's head.

    Args:
        head: the request line and the header lines with their line ends.
        limits: what is too much.

    Raises:
        Refusal: with a problem after which the connection is closed.
    """
    lines = head.lines
    if head.fault is not None:
        raise _cut(head, limits)
    found = _REQUEST_LINE.fullmatch(lines[0])
    if found is None:
        if len(lines[0]) > limits.target + _LONGEST_METHOD:
            raise _too_long(limits)
        raise _malformed("The request line is not `METHOD target HTTP/1.1` followed by CR LF.")
    method, target = found["method"].decode("ascii"), found["target"].decode("ascii")
    if found["version"] < b"1.0" or found["version"] >= b"2.0":
        raise _refused(505, "HTTP/1.1 and HTTP/1.0 are spoken here.")
    if len(method) > _LONGEST_METHOD or method == "CONNECT":
        raise _refused(501, "This method is not known here.")
    if len(target) > limits.target:
        raise _too_long(limits)
    if len(lines) - 1 > limits.fields:
        raise _refused(431, f"There are more than {limits.fields} header lines.")
    if sum(map(len, lines[1:])) > limits.head:
        raise _refused(431, f"The header lines have more than {limits.head} bytes.")
    fields = _fields(lines[1:])
    # A higher minor version than ours is to be served as ours (RFC 9110, 2.5).
    is_old = found["version"] == b"1.0"
    host = _host(fields, is_old=is_old)
    authority, path, query = _target(method, target)
    return Head(
        method=method,
        path=path,
        query=query,
        # RFC 9112, 3.2.2: the target's beats the header's.
        host=host if authority is None else authority,
        length=_length(fields, limits, is_old=is_old),
        waits=_waits(fields, is_old=is_old),
    )


def _cut(head: RawHead, limits: Limits) -> Refusal:
    if head.fault is HeadFault.SLOW:
        return _refused(408, f"The head took more than {limits.head_seconds:g} s.")
    if head.fault is HeadFault.SHORT:
        return _malformed("The connection ended within the head.")
    if len(head.lines) == 1:
        return _too_long(limits)
    return _refused(431, f"The header lines have more than {limits.head} bytes.")


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


def _host(fields: dict[bytes, bytes], *, is_old: bool) -> str:
    host = fields.get(b"host")
    if host is None and not is_old:
        raise _malformed("The header `Host` is missing.")
    text = (host or b"").decode("latin-1")
    if _HOST.fullmatch(text) is None:
        raise _malformed("The header `Host` is not `host` or `host:port`.")
    return text


def _length(fields: dict[bytes, bytes], limits: Limits, *, is_old: bool) -> int | None:
    length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if coding is not None:
        if length is not None:
            raise _malformed("`Content-Length` and `Transfer-Encoding` contradict each other; send one of them.")
        if is_old:
            raise _malformed("`Transfer-Encoding` belongs to HTTP/1.1.")
        _check_coding(coding)
        return None
    if length is None:
        return 0
    if _LENGTH.fullmatch(length) is None:
        if length.isdigit():
            raise Refusal(too_large(limits))
        raise _malformed("The header `Content-Length` is not a number of bytes in decimal digits.")
    if int(length) > limits.body:
        raise Refusal(too_large(limits))
    return int(length)


def _check_coding(value: bytes) -> None:
    codings = [each.strip().lower() for each in value.split(b",")]
    if codings == [b"chunked"]:
        return
    if b"chunked" in codings[:-1]:
        # RFC 9112, 6.3: nobody could tell where such a body ends.
        raise _malformed("`chunked` must be the last transfer coding, and stand there once.")
    raise _refused(501, "The only transfer coding read here is `chunked`.")


def _waits(fields: dict[bytes, bytes], *, is_old: bool) -> bool:
    expected = fields.get(b"expect")
    if expected is None or is_old:
        return False
    if expected.lower() != b"100-continue":
        raise _refused(417, "The only expectation met here is `100-continue`.")
    return True


def _target(method: str, target: str) -> tuple[str | None, str, str]:
    """Split a request target into the host that it names, path and query."""
    if target == "*" and method == "OPTIONS":
        return None, target, ""
    authority = None
    if not target.startswith("/"):
        # A proxy's form; RFC 9112 wants every server to take it.
        found = _ABSOLUTE.fullmatch(target)
        if found is None:
            raise _malformed("The request target is no path that begins with `/`.")
        authority, target = found["host"], found["rest"]
        if _HOST.fullmatch(authority) is None:
            raise _malformed("The host in the request target is not `host` or `host:port`.")
        if not target and method == "OPTIONS":
            return authority, "*", ""
        target = target if target.startswith("/") else f"/{target}"
    path, _, query = target.partition("?")
    if _PATH.fullmatch(path) is None or _QUERY.fullmatch(query) is None:
        raise _malformed("The request target has a character that must be percent-encoded, or half an escape.")
    return authority, path, query


def too_large(limits: Limits) -> Problem:
    """The answer to a body over its limit."""
    return Problem(status=413, detail=f"The body has more than {limits.body} bytes.", close=True)


def _too_long(limits: Limits) -> Refusal:
    return _refused(414, f"The request target has more than {limits.target} characters.")


def _malformed(detail: str) -> Refusal:
    return _refused(400, detail)


def _refused(status: int, detail: str) -> Refusal:
    return Refusal(Problem(status=status, detail=detail, close=True))
