"""Header lines, byte for byte (RFC 9112, 5; RFC 9110, 5, 7.2 and 10.1.1)."""

import pytest

from http_host import Host
from raw_http import GET, MARK, POST, Case, check, read_answers

_LATEST = b'"the latest"'


def _with(*lines: bytes) -> bytes:
    return GET + b"Host: x\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def _host(value: bytes) -> bytes:
    return GET + b"Host: " + value + b"\r\n\r\n"


CASES = [
    Case("blank before the colon", "9112 5.1", _with(b"X-A : 1"), 400),
    Case("tab before the colon", "9112 5.1", _with(b"X-A\t: 1"), 400),
    Case("blank before the first name", "9112 2.2", GET + b" Host: x\r\n\r\n", 400),
    Case("folded line", "9112 5.2", _with(b"X-A: 1", b" " + MARK), 400),
    Case("folded line with a tab", "9112 5.2", _with(b"X-A: 1", b"\t" + MARK), 400),
    Case("no name", "9112 5", _with(b": 1"), 400),
    Case("no colon", "9112 5", _with(MARK), 400),
    Case("name is no token", "9110 5.1", _with(b"X(A): 1"), 400),
    Case("name with an eighth bit", "9110 5.1", _with(b"X-\xfc: 1"), 400),
    Case("nul in a value", "9110 5.5", _with(b"X-A: a\x00" + MARK), 400),
    Case("bare return in a value", "9112 2.2", _with(b"X-A: a\rX-B: " + MARK), 400),
    Case("bare line feed in a value", "9112 2.2", _with(b"X-A: a\nX-B: " + MARK), 400),
    Case("escape in a value", "9110 5.5", _with(b"X-A: \x1b[31m"), 400),
    Case("delete in a value", "9110 5.5", _with(b"X-A: \x7f"), 400),
    Case("bare line feed ends the head", "9112 2.2", GET + b"Host: x\r\n\n", 400),
    Case("eighth bit in a value", "9110 5.5", _with(b"X-A: \xfc\xff"), 200, True, _LATEST),
    Case("blanks around a value", "9112 5.1", _with(b"X-A: \t a b \t"), 200, True, _LATEST),
    Case("no blank before a value", "9112 5.1", _with(b"X-A:1"), 200, True, _LATEST),
    Case("empty value", "9110 5.5", _with(b"X-A:"), 200, True, _LATEST),
    Case("the same name again", "9110 5.3", _with(b"X-A: 1", b"X-A: 2"), 200, True, _LATEST),
    Case("one line too long", "6585 5", _with(b"X-A: " + b"a" * 3000), 431),
    Case("lines too long together", "6585 5", _with(*[b"X-A: " + b"a" * 50] * 50), 431),
    Case("too many lines", "6585 5", _with(*[b"X: 1"] * 150), 431),
    Case("line without an end", "6585 5", GET + b"X-A: " + b"a" * (300 * 1024), 431),
    Case("no host", "9112 3.2", GET + b"\r\n", 400),
    Case("two hosts", "9112 3.2", GET + b"Host: x\r\nHost: x\r\n\r\n", 400),
    Case("host with a path", "9112 3.2", _host(b"x/" + MARK), 400),
    Case("host with credentials", "9110 7.2", _host(b"u@x"), 400),
    Case("host with a blank", "9110 7.2", _host(b"x y"), 400),
    Case("list of hosts", "9110 7.2", _host(b"x, y"), 400),
    Case("host with a port that is none", "9110 7.2", _host(b"x:http"), 400),
    Case("host with a bracket only", "9110 7.2", _host(b"[::1"), 400),
    Case("empty host", "9112 3.2", _host(b""), 200, True, _LATEST),
    Case("host and port", "9110 7.2", _host(b"x.example:8080"), 200, True, _LATEST),
    Case("host by address", "9110 7.2", _host(b"[::1]:8080"), 200, True, _LATEST),
    Case("unknown expectation", "9110 10.1.1", _with(b"Expect: " + MARK), 417),
    Case("two expectations", "9110 10.1.1", _with(b"Expect: 100-continue", b"Expect: 100-continue"), 400),
    Case("two credentials", "9110 11.6.2", _with(b"Authorization: Bearer a", b"Authorization: Bearer b"), 400),
    Case("two content types", "9110 8.3", _with(b"Content-Type: a/b", b"Content-Type: c/d"), 400),
    Case("upgrade that nobody speaks", "9110 7.8", _with(b"Connection: upgrade", b"Upgrade: h2c"), 200, True, _LATEST),
    Case("connection close", "9112 9.6", _with(b"Connection: close"), 200, False, _LATEST),
    Case("close in a list", "9112 9.6", _with(b"Connection: X-A,  ClosE"), 200, False, _LATEST),
    Case("close on a second line", "9112 9.6", _with(b"Connection: X-A", b"connection: close"), 200, False, _LATEST),
    Case("http 1.0", "9112 9.3", b"GET /files/latest HTTP/1.0\r\n\r\n", 200, False, _LATEST),
    Case(
        "http 1.0 keep alive",
        "9112 9.3",
        b"GET /files/latest HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        200,
        True,
        _LATEST,
    ),
    Case("http 1.0 expects nothing", "9110 10.1.1", b"GET /nope HTTP/1.0\r\nExpect: zq7mark\r\n\r\n", 404),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_fields(host: Host, case: Case) -> None:
    check(host, case)


def test_a_name_with_an_underscore_is_not_the_one_with_a_dash(host: Host) -> None:
    body = b'{"lines":[{"sku":"A-1"}]}'
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency_Key: k\r\n"
    came = host.raw(head + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert b'"key":"none"' in came


def test_no_variable_of_the_process_is_a_header(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_IDEMPOTENCY_KEY", "env")
    answer = host.request("POST", "/orders", {"lines": [{"sku": "A-1"}]})
    assert answer.json()["key"] == "none"


def test_go_on_is_said_before_the_body_is_read(host: Host) -> None:
    came = host.raw(POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc")
    first, second = read_answers(came)
    assert (first.status, first.headers, second.status, second.body) == (100, {}, 200, b"3")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /nope HTTP/1.1\r\nHost: x\r\n", 404),
        (b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n", 415),
        (b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n", 413),
    ],
)
def test_go_on_is_not_said_to_what_is_refused(host: Host, head: bytes, status: int) -> None:
    length = b"" if b"Content-Length" in head else b"Content-Length: 3\r\n"
    came = host.raw(head + length + b"Expect: 100-continue\r\n\r\n", keep_open=True)
    [only] = read_answers(came)
    assert (only.status, only.headers["connection"]) == (status, "close")
