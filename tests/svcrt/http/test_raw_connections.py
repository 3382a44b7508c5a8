"""What several messages on one connection, slow ones and broken ones come to (RFC 9112, 8 and 9)."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from http_host import SECONDS, Host, hosted
from http_shop import Orders
from raw_http import CHUNKED, GET, POST, Case, RawAnswer, check, check_problem, read_answers
from svcrt.http.head import Limits

_GET = GET + b"Host: x\r\n\r\n"
_END = GET + b"Host: x\r\nConnection: close\r\n\r\n"
_ORDER = b'{"lines":[{"sku":"A-1"}]}'
_LATE = 0.25


def _order(body: bytes) -> bytes:
    head = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


def _split(kind: bytes) -> bytes:
    return b"GET /split HTTP/1.1\r\nHost: x\r\nX-Kind: " + kind + b"\r\n\r\n"


HEADS = [
    Case("head of a result", "9110 9.3.2", b"HEAD /files/latest HTTP/1.1\r\nHost: x\r\n\r\n", 200, True, b""),
    Case("head of a stream", "9110 9.3.2", b"HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n", 200, True, b""),
    Case("head of nothing", "9110 9.3.2", b"HEAD /nope HTTP/1.1\r\nHost: x\r\n\r\n", 404, True),
    Case("head of a declared error", "9110 9.3.2", b"HEAD /orders/7 HTTP/1.1\r\nHost: x\r\n\r\n", 422, True),
    Case("head without a host", "9112 3.2", b"HEAD /files/latest HTTP/1.1\r\n\r\n", 400),
    Case("no content", "9110 15.3.5", b"OPTIONS /orders HTTP/1.1\r\nHost: x\r\n\r\n", 204, True, b""),
    Case("a refused body was read", "9112 9.3", _order(b'{"lines":[]}'), 422, True),
    Case("line end after a body", "9112 2.2", _order(_ORDER) + b"\r\n", 201, True),
    Case("a failure", "9112 9.3", b"GET /fail HTTP/1.1\r\nHost: x\r\n\r\n", 500, True),
    Case("line break in a header of ours", "9112 11.1", _split(b"value"), 500),
    Case("line break in a header name of ours", "9112 11.1", _split(b"name"), 500),
    Case("line break in a status of ours", "9112 11.1", _split(b"status"), 500),
    Case("framing by the application", "9112 6.1", _split(b"framing"), 500),
]


@pytest.mark.parametrize("case", HEADS, ids=lambda case: case.id)
def test_one_answer_and_the_next(host: Host, case: Case) -> None:
    check(host, case)


def _only(data: bytes) -> RawAnswer:
    [answer] = read_answers(data)
    return answer


def _reuses(host: Host) -> bool:
    return host.concurrency_name == "green"


def test_pipelined_requests_are_answered_in_order(host: Host) -> None:
    came = host.raw(_GET + _order(_ORDER) + b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n" + _END, keep_open=True)
    statuses = [answer.status for answer in read_answers(came)]
    assert statuses == ([200, 201, 404, 200] if _reuses(host) else [200])


def test_nothing_after_close_is_served(host: Host) -> None:
    Orders.files_read.clear()
    came = host.raw(_END + b"GET /files/after HTTP/1.1\r\nHost: x\r\n\r\n", keep_open=True)
    assert (_only(came).status, Orders.files_read) == (200, [])


def test_an_answer_is_not_longer_than_it_says(host: Host) -> None:
    came = host.raw(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n" + _END, keep_open=True)
    # The rest would be read as the beginning of the next answer.
    assert [each.body for each in read_answers(came)][:2] == [b"01234", b'"the latest"'][: 2 if _reuses(host) else 1]


@pytest.mark.parametrize("header", [b"", b"X-Exit: 3\r\n"])
def test_an_answer_that_fails_at_once_is_a_problem(host: Host, header: bytes) -> None:
    # A `sys.exit()` of the application ends no process that serves others.
    answer = _only(host.raw(b"GET /fails-at-once HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n", keep_open=True))
    assert answer.status == 500
    check_problem(answer)


def test_an_answer_that_breaks_off_is_not_ended(host: Host) -> None:
    came = host.raw(b"GET /breaks-off HTTP/1.1\r\nHost: x\r\n\r\n" + _GET, keep_open=True)
    # Where chunks say so the end is missing; the threads back end sends none and can only close.
    assert came.endswith(b"a" * 10_000 + (b"\r\n" if _reuses(host) else b""))
    assert b"swordfish" not in came


def test_http_1_0_gets_no_chunks(host: Host) -> None:
    answer = _only(host.raw(b"GET /stream HTTP/1.0\r\n\r\n", keep_open=True))
    assert (answer.body, answer.headers.get("transfer-encoding")) == (b"part 0\npart 1\npart 2\n", None)


def test_no_length_stands_beside_no_content(host: Host) -> None:
    answer = _only(host.raw(b"OPTIONS /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    assert not {"content-length", "transfer-encoding", "content-type"} & set(answer.headers)


@pytest.mark.parametrize(
    "data",
    [
        b"GET /files/latest HTTP/1.1\r\n",
        b"GET /files/latest HTTP/1.1\r\nHost: x\r\nX-A",
        b"GET /fil",
        POST + b"Content-Length: 9\r\n\r\nabc",
        CHUNKED + b"5\r\nabcde\r\n",
        CHUNKED + b"5\r\nabc",
        CHUNKED + b"0\r\n",
        _order(_ORDER)[:-3],
    ],
)
def test_a_request_that_breaks_off_is_not_run(host: Host, data: bytes) -> None:
    answer = _only(host.raw(data))
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    check_problem(answer)


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n"])
def test_a_connection_without_a_request_gets_no_answer(host: Host, data: bytes) -> None:
    assert host.raw(data) == b""


def test_a_client_that_resets_hurts_nobody(host: Host) -> None:
    for data in (b"", b"GET /fi", POST + b"Content-Length: 9\r\n\r\nabc", b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"):
        with socket.create_connection(host.address, timeout=SECONDS) as connection:
            connection.sendall(data)
            # A reset instead of an end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    assert host.request("GET", "/files/latest").status == 200


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_logs_hold_no_query_and_nothing_that_a_terminal_obeys(
    concurrency: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with hosted(concurrency, Orders) as host:
        host.raw(b"GET /files/\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n")
        host.raw(GET.replace(b" HTTP", b"?token=zq7mark HTTP") + b"Host: x\r\nAuthorization: zq7mark\r\n\r\n")
    assert "GET /files/" in caplog.text
    assert "\x1b" not in caplog.text
    assert "zq7mark" not in caplog.text


@pytest.fixture(scope="module", params=["green", "threads"])
def impatient(request: pytest.FixtureRequest) -> Iterator[Host]:
    with hosted(request.param, Orders, limits=Limits(head_seconds=_LATE, body_seconds=_LATE)) as host:
        yield host


SLOW = {
    "nothing after the first byte": (b"G", b""),
    "a dripping request line": (b"GET /", b"a"),
    "dripping header lines": (GET + b"Host: x\r\n", b"X: y\r\n"),
    "dripping empty lines": (b"\r\n", b""),
    "no body": (POST + b"Content-Length: 900\r\n\r\n", b""),
    "a dripping body": (POST + b"Content-Length: 900\r\n\r\n", b"a"),
    "no chunk": (CHUNKED, b""),
    "dripping chunks": (CHUNKED, b"1\r\na\r\n"),
    "a dripping chunk size": (CHUNKED, b"0"),
    "a json body": (_order(b" " * 900)[:-899], b" "),
}


@pytest.mark.parametrize("name", SLOW)
def test_who_is_too_slow_is_told_so(impatient: Host, name: str) -> None:
    first, drop = SLOW[name]
    with socket.create_connection(impatient.address, timeout=SECONDS) as connection:
        connection.sendall(first)
        with _dripping(connection, drop):
            came = b"".join(iter(lambda: connection.recv(65536), b""))
    if name == "dripping empty lines":
        assert came == b""
        return
    answer = _only(came)
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    check_problem(answer)
    assert "0.25 s" in json.loads(answer.body)["detail"]


@contextmanager
def _dripping(connection: socket.socket, drop: bytes) -> Iterator[None]:
    """Send a drop every few milliseconds until the end of the block."""
    over = threading.Event()

    def drip() -> None:
        while drop and not over.wait(0.02):
            try:
                connection.sendall(drop)
            except OSError:
                return  # the server has closed, as it should

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
