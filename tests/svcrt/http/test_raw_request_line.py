"""Request lines, byte for byte (RFC 9112, 3; RFC 9110, 9)."""

import pytest

from http_host import Host
from http_shop import KNOWN_ID
from raw_http import GET, MARK, Case, check

_HOST = b"Host: x\r\n\r\n"
_LATEST = b'"the latest"'


def _get(target: bytes, rest: bytes = _HOST, version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET " + target + b" " + version + b"\r\n" + rest


CASES = [
    Case("plain", "9112 3", GET + _HOST, 200, True, _LATEST),
    Case("one empty line before", "9112 2.2", b"\r\n" + GET + _HOST, 200, True, _LATEST),
    Case("many empty lines before", "9112 2.2", b"\r\n" * 20 + GET + _HOST, 400),
    Case("bare line feed before", "9112 2.2", b"\n" + GET + _HOST, 400),
    Case("blank before the method", "9112 3", b" " + GET + _HOST, 400),
    Case("two blanks", "9112 3", b"GET  /files/latest HTTP/1.1\r\n" + _HOST, 400),
    Case("tab between", "9112 3", b"GET\t/files/latest\tHTTP/1.1\r\n" + _HOST, 400),
    Case("blank at the end", "9112 3", b"GET /files/latest HTTP/1.1 \r\n" + _HOST, 400),
    Case("blank within the target", "9112 3.2", b"GET /files/la test HTTP/1.1\r\n" + _HOST, 400),
    Case("bare line feed at the end", "9112 2.2", b"GET /files/latest HTTP/1.1\nHost: x\n\n", 400),
    Case("bare return within", "9112 2.2", b"GET /files/latest\rHTTP/1.1\r\n" + _HOST, 400),
    Case("no method", "9112 3.1", b"/files/latest HTTP/1.1\r\n" + _HOST, 400),
    Case("method is no token", "9112 3.1", b"G(T /files/latest HTTP/1.1\r\n" + _HOST, 400),
    Case("method with a control character", "9112 3.1", b"GE\x00T /files/latest HTTP/1.1\r\n" + _HOST, 400),
    Case("method in small letters", "9110 9.1", b"get /files/latest HTTP/1.1\r\n" + _HOST, 405, True),
    Case("method that nobody knows", "9110 15.5.6", MARK + b" /files/latest HTTP/1.1\r\n" + _HOST, 405, True),
    Case("method far too long", "9112 3", b"A" * 40 + b" /files/latest HTTP/1.1\r\n" + _HOST, 501),
    Case("connect", "9110 9.3.6", b"CONNECT x:443 HTTP/1.1\r\n" + _HOST, 501),
    Case("trace", "9110 9.3.8", b"TRACE /files/latest HTTP/1.1\r\n" + _HOST, 405, True),
    Case("authority form", "9112 3.2.3", _get(b"x:80"), 400),
    Case("absolute form", "9112 3.2.2", _get(b"http://x/files/latest"), 200, True, _LATEST),
    Case("absolute form and another host", "9112 3.2.2", _get(b"http://y:8/files/latest"), 200, True, _LATEST),
    Case("absolute form with a query", "9112 3.2.2", _get(b"http://x/orders?limit=0"), 422, True),
    Case("absolute form without a path", "9112 3.2.2", _get(b"http://x"), 404, True),
    Case("absolute form with credentials", "9110 4.2.4", _get(b"http://u:p@x/files/latest"), 400),
    Case("absolute form of another scheme", "9112 3.2.2", _get(b"ftp://x/files/latest"), 400),
    Case("absolute form without a host", "9110 4.2.1", _get(b"http:///files/latest"), 400),
    Case("asterisk form with options", "9112 3.2.4", b"OPTIONS * HTTP/1.1\r\n" + _HOST, 204, True),
    Case("options of a whole host", "9112 3.2.4", b"OPTIONS http://x HTTP/1.1\r\n" + _HOST, 204, True),
    Case("asterisk form with get", "9112 3.2.4", _get(b"*"), 400),
    Case("relative target", "9112 3.2.1", _get(b"files/latest"), 400),
    Case("fragment", "9112 3.2.1", _get(b"/files/latest#" + MARK), 400),
    Case("backslash in the path", "9112 3.2.1", _get(b"/files\\" + MARK), 400),
    Case("angle bracket in the target", "9112 3.2.1", _get(b"/files/<script>" + MARK), 400),
    Case("half an escape", "3986 2.1", _get(b"/files/%4"), 400),
    Case("half an escape in the query", "3986 2.1", _get(b"/orders?limit=%zz"), 400),
    Case("target with a control character", "9112 3.2", _get(b"/files/\x07" + MARK), 400),
    Case("target with an eighth bit", "9112 3.2", _get(b"/files/\xc3\xbc"), 400),
    Case("two slashes at the start", "9112 3.2.1", _get(b"//x/files/latest"), 404, True),
    Case("dots are names like others", "9112 3.2.1", _get(b"/files/a/../latest"), 404, True),
    Case("target too long", "9112 3", _get(b"/" + b"a" * 600), 414),
    Case("target without an end", "9112 3", b"GET /" + b"a" * (300 * 1024), 414),
    Case("query too long", "9112 3", _get(b"/orders?q=" + b"a" * 600), 414),
    Case("http 0.9", "9112 3", b"GET /files/latest\r\n", 400),
    Case("http 0.9 by name", "9110 2.5", _get(b"/files/latest", version=b"HTTP/0.9"), 505),
    Case("http 2 preface", "9113 3.4", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    Case("http 3", "9110 15.6.6", _get(b"/files/latest", version=b"HTTP/3.0"), 505),
    Case("higher minor version", "9110 2.5", _get(b"/files/latest", version=b"HTTP/1.2"), 200, True, _LATEST),
    Case("version in small letters", "9112 2.3", _get(b"/files/latest", version=b"http/1.1"), 400),
    Case("version of many digits", "9112 2.3", _get(b"/files/latest", version=b"HTTP/1.10"), 400),
    Case("version without a dot", "9112 2.3", _get(b"/files/latest", version=b"HTTP/11"), 400),
    Case("another protocol", "9112 2.3", _get(b"/files/latest", version=b"ICY/1.1"), 400),
    Case("tls on a plain port", "9112 3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_request_line(host: Host, case: Case) -> None:
    check(host, case)


def test_the_host_of_the_target_is_the_host(host: Host) -> None:
    answer = host.raw(_get(b"http://y.example:8/host", b"Host: x\r\nConnection: close\r\n\r\n"))
    assert answer.endswith(b"\r\n\r\ny.example:8")


def test_allow_names_what_the_path_takes(host: Host) -> None:
    answer = host.raw(b"TRACE /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"\r\nAllow: GET, HEAD, OPTIONS, POST\r\n" in answer
    everything = host.raw(b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"\r\nAllow: GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n" in everything
    one = f"OPTIONS /orders/{KNOWN_ID}/name HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert b"\r\nAllow: OPTIONS, PUT\r\n" in host.raw(one.encode())
