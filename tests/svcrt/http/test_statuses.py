"""Every status of docs/http.md, and what comes with it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from http_host import SECONDS, Answer, Host, hosted
from http_shop import KNOWN_ID, Orders
from raw_http import RawAnswer, check_problem, read_answers
from svcrt.http.head import Limits

OTHER = "00000000-0000-0000-0000-000000000001"
DRAFT = {"lines": [{"sku": "A-1"}]}
_BACK_ENDS = ["green", "threads"]


def _checked(answer: Answer) -> Answer:
    check_problem(RawAnswer(answer.status, dict(answer.headers), answer.body))
    return answer


def test_created_accepted_and_no_content(host: Host) -> None:
    created = host.request("POST", "/orders", DRAFT)
    assert (created.status, created.headers["content-type"]) == (201, "application/json")
    accepted = host.request("POST", "/admin/rebuild", {"since": "2026-01-02"})
    assert (accepted.status, accepted.body, accepted.headers["content-length"]) == (202, b"", "0")
    nothing = host.request("PUT", f"/orders/{KNOWN_ID}/name", {"name": "n"})
    assert (nothing.status, nothing.body) == (204, b"")
    assert not {"content-type", "content-length"} & set(nothing.headers)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("DELETE", "/orders", 405),
        ("GET", f"/orders/{OTHER}", 404),
        ("GET", "/orders/7", 422),
        ("GET", "/fail", 500),
        ("GET", "/conflict", 409),
    ],
)
def test_what_is_no_result_is_a_problem(host: Host, method: str, path: str, status: int) -> None:
    answer = host.request(method, path)
    assert answer.status == status
    document = answer.json()
    assert (document["status"], answer.headers["content-type"]) == (status, "application/problem+json")
    assert document["type"] == "about:blank" or document["type"].startswith("urn:svc:")


def test_all_faults_of_path_query_header_and_body_in_one_answer(host: Host) -> None:
    body = {"lines": [{"sku": "A-1"}, {"sku": "a b", "quantity": 0, "colour": "red"}], "note": 5}
    answer = _checked(host.request("PATCH", "/orders/7/draft?limit=0&zz=1", body, {"X-Reason": "no"}))
    assert answer.status == 422
    document = answer.json()
    assert document["detail"] == "The request breaks the contract in 8 places."
    assert sorted((fault["in"], fault["at"]) for fault in document["faults"]) == [
        ("body", "$.lines[1].colour"),
        ("body", "$.lines[1].quantity"),
        ("body", "$.lines[1].sku"),
        ("body", "$.note"),
        ("header", "X-Reason"),
        ("path", "id"),
        ("query", "limit"),
        ("query", "zz"),
    ]
    assert all(set(fault) == {"in", "at", "message"} for fault in document["faults"])


def test_what_is_missing_everywhere(host: Host) -> None:
    answer = _checked(host.request("PATCH", f"/orders/{KNOWN_ID}/draft"))
    assert {(fault["in"], fault["at"]) for fault in answer.json()["faults"]} == {
        ("query", "limit"),
        ("header", "X-Reason"),
        ("body", "$"),
    }


def test_a_retryable_error_says_so(host: Host) -> None:
    sold_out = host.request("GET", "/sell/sold-out")
    document = sold_out.json()
    assert document.pop("call_id")
    assert (sold_out.status, document) == (
        409,
        {
            "type": "urn:svc:shop.v1.SoldOut",
            "title": "SoldOut",
            "status": 409,
            "detail": "only 3 left",
            "fields": {"left": 3},
            "retryable": True,
        },
    )
    assert "retry-after" not in sold_out.headers
    busy = host.request("GET", "/sell/busy")
    assert (busy.status, busy.headers["retry-after"], busy.json()["retryable"]) == (503, "1", True)


def test_a_type_that_is_not_read_is_told_what_is(host: Host) -> None:
    answer = _checked(host.request("POST", "/orders", "{}", {"Content-Type": "application/xml"}))
    assert (answer.status, answer.headers["accept"]) == (415, "application/json")
    packed = host.request("POST", "/orders", "{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"})
    assert packed.status == 415


def test_too_many_query_keys() -> None:
    with hosted("threads", Orders) as host:
        answer = _checked(host.request("GET", "/orders?" + "a&" * 1000))
    assert (answer.status, answer.json()["detail"]) == (400, "The query has more than 1000 fields.")


def test_what_the_client_would_rather_have_is_not_asked(host: Host) -> None:
    answer = host.request("GET", "/files/latest", headers={"Accept": "text/html"})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


@contextmanager
def _held(host: Host, count: int) -> Iterator[list[Answer]]:
    """Have `count` requests held by their method; their answers are there at the end."""
    answers: list[Answer] = []
    Orders.release.clear()
    Orders.held.clear()
    threads = [threading.Thread(target=lambda: answers.append(host.request("GET", "/hold"))) for _ in range(count)]
    for thread in threads:
        thread.start()
    assert Orders.held.wait(SECONDS)
    try:
        yield answers
    finally:
        Orders.release.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("concurrency", _BACK_ENDS)
def test_too_many_requests_at_a_time(concurrency: str) -> None:
    with hosted(concurrency, Orders, max_workers=1, max_waiting=0) as host:
        with _held(host, 1) as held:
            answer = _checked(host.request("GET", "/files/latest"))
            assert (answer.status, answer.json()["type"]) == (503, "urn:svc:svc.Overloaded")
            assert answer.headers["retry-after"] == "1"
        assert [each.status for each in held] == [200]
        assert host.request("GET", "/files/latest").status == 200


@pytest.mark.parametrize("concurrency", _BACK_ENDS)
def test_a_stopping_instance(concurrency: str) -> None:
    with (
        hosted(concurrency, Orders, limits=Limits(last_request_seconds=0.0)) as host,
        socket.create_connection(host.address, timeout=SECONDS) as early,
        socket.create_connection(host.address, timeout=SECONDS) as running,
    ):
        early.sendall(b"GET /files/latest HTTP/1.1\r\n")
        with _held_by(running):
            assert host.request("GET", "/files/latest").status == 200  # so `early`, which came before, is accepted
            host.begin_stop(SECONDS)
            while _listens(host):
                pass
            early.sendall(b"Host: x\r\n\r\n")
            [refused] = read_answers(b"".join(iter(lambda: early.recv(65536), b"")))
        [ended] = read_answers(b"".join(iter(lambda: running.recv(65536), b"")))
    assert (refused.status, refused.headers["connection"], refused.headers["retry-after"]) == (503, "close", "1")
    check_problem(refused)
    # What had begun ends well, and its connection with it.
    assert (ended.status, ended.body, ended.headers["connection"]) == (200, b'"released"', "close")


@contextmanager
def _held_by(connection: socket.socket) -> Iterator[None]:
    Orders.release.clear()
    Orders.held.clear()
    connection.sendall(b"GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")
    assert Orders.held.wait(SECONDS)
    try:
        yield
    finally:
        Orders.release.set()


def _listens(host: Host) -> bool:
    try:
        socket.create_connection(host.address, timeout=SECONDS).close()
    except OSError:
        return False
    return True


def test_the_documentation_lists_every_status_that_is_sent() -> None:
    root = Path(__file__).parents[3]
    table = (root / "docs/http.md").read_text().partition("## Statuses")[2].partition("\n## ")[0]
    refusals = (400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 417, 422, 426, 431, 500, 501, 503, 504, 505)
    for status in (201, 202, 204, *refusals):
        assert str(status) in table, status
