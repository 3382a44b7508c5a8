"""What becomes of a request that was understood."""

import errno
import os
import socket
import time
from datetime import date
from queue import Queue

import pytest

from http_host import SECONDS, Host, HttpClient, hosted, received
from http_shop import KNOWN_ID, Orders, RebuildArguments
from svcrt.errors import NotSent, OutcomeUnknown
from svcrt.testing import running

OTHER = "00000000-0000-0000-0000-000000000001"


def test_a_result(host: Host) -> None:
    assert host.request("GET", f"/orders/{KNOWN_ID}").json() == {"id": str(KNOWN_ID), "total": "12.50", "note": None}


def test_a_declared_error(host: Host) -> None:
    answer = host.request("GET", f"/orders/{OTHER}")
    found = answer.json()
    assert found.pop("call_id")
    assert (answer.status, found) == (
        404,
        {
            "type": "urn:svc:shop.v1.OrderNotFound",
            "title": "OrderNotFound",
            "status": 404,
            "detail": f"no order {OTHER}",
            "fields": {"id": OTHER},
        },
    )


@pytest.mark.parametrize("path", ["/fail", "/crash", "/broken", "/wrong"])
def test_a_failure_tells_the_call_only(host: Host, path: str) -> None:
    answer = host.request("GET", path)
    assert (answer.status, answer.json()["type"]) == (500, "urn:svc:svc.Internal")
    assert answer.json()["call_id"] in answer.json()["detail"]
    assert not any(word in answer.body for word in (b"swordfish", b"Traceback", b"Error:"))


def test_a_oneway_is_handed_in(host: Host) -> None:
    host.jobs.sent.clear()
    answer = host.request("POST", "/admin/rebuild", {"since": "2026-01-02"})
    assert (answer.status, answer.body) == (202, b"")
    [(name, arguments, _)] = host.jobs.sent
    assert (name, arguments) == ("shop.v1.Orders.rebuild", RebuildArguments(since=date(2026, 1, 2)))


@pytest.mark.parametrize(("error", "status"), [(NotSent("no link"), 503), (OutcomeUnknown("died"), 504)])
def test_a_oneway_that_was_not_taken(host: Host, error: Exception, status: int) -> None:
    host.jobs.error = error
    try:
        assert host.request("POST", "/admin/rebuild", {"since": "2026-01-02"}).status == status
    finally:
        host.jobs.error = None


def test_a_job_runs(embedded_broker_url: str) -> None:
    done: Queue[date] = Queue()

    class Working(Orders):
        def rebuild(self, *, since: date) -> None:
            done.put(since)

    listener = socket.create_server(("127.0.0.1", 0))
    client = HttpClient(listener.getsockname()[:2])
    with running(Working, broker=embedded_broker_url, http=listener):
        assert client.request("POST", "/admin/rebuild", {"since": "2026-01-02"}).status == 202
        assert done.get(timeout=SECONDS) == date(2026, 1, 2)


def test_raw_routes(host: Host) -> None:
    answer = host.request("GET", "/orders.csv?since=2026-01-02")
    assert (answer.body, answer.headers["x-export"]) == (b"GET since 2026-01-02\n", "yes")
    assert host.request("POST", "/upload", b"12345").body == b"5"
    assert host.request("GET", "/stream").body == b"part 0\npart 1\npart 2\n"
    assert host.request("GET", "/conflict").json()["detail"] == "two of them"
    moved = host.request("GET", "/moved")
    assert (moved.status, moved.headers["location"]) == (302, "/orders")


def test_no_header_is_injected_by_a_response(host: Host) -> None:
    answer = host.request("GET", "/split")
    assert answer.status == 500
    assert "set-cookie" not in answer.headers


def test_what_goes_along(host: Host) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "baggage": "a=b%20c", "Authorization": "Bearer x"}
    found = host.request("GET", "/context", headers=headers).json()
    assert found["traceparent"].split("-")[1] == trace
    assert found["traceparent"].split("-")[2] != "b7ad6b7169203331"
    assert (found["baggage"], found["authorization"]) == ({"a": "b c"}, "Bearer x")


def test_the_deadline(host: Host) -> None:
    Orders.release.clear()
    try:
        answer = host.request("GET", "/slow")
    finally:
        Orders.release.set()
    assert (answer.status, answer.json()["type"]) == (504, "urn:svc:svc.DeadlineExceeded")


@pytest.mark.parametrize("concurrency", ["threads", "green"])
def test_a_request_that_is_on_its_way_when_the_instance_stops_is_served_as_the_last_of_its_connection(
    concurrency: str,
) -> None:
    with hosted(concurrency, Orders) as host, socket.create_connection(host.address, timeout=SECONDS) as early:
        early.sendall(b"GET /files/latest HTTP/1.1\r\n")
        assert host.request("GET", "/files/latest").status == 200  # so `early`, which came before, is accepted
        host.begin_stop(SECONDS)
        while _listens(host):
            time.sleep(0.01)
        early.sendall(b"Host: x\r\n\r\n")
        answer = received(early)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nconnection: close\r\n" in answer.lower()


def test_an_idle_connection_takes_one_more_request_from_a_stopping_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svcrt.concurrency.green_wsgi.LAST_REQUEST_SECONDS", SECONDS)
    with hosted("green", Orders) as host, socket.create_connection(host.address, timeout=SECONDS) as idle:
        request = b"GET /files/latest HTTP/1.1\r\nHost: x\r\n\r\n"
        idle.sendall(request)
        assert b"connection: close" not in idle.recv(65536).lower()
        host.begin_stop(SECONDS)
        while _listens(host):
            time.sleep(0.01)
        idle.sendall(request)
        answer = received(idle)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nconnection: close\r\n" in answer.lower()


def test_connections_on_which_nothing_comes_do_not_hold_up_a_stop() -> None:
    with hosted("green", Orders) as host, socket.create_connection(host.address, timeout=SECONDS) as idle:
        idle.sendall(b"GET /files/latest HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.recv(65536)
        host.stop(600.0)
        assert host.stopped_in_time
        assert idle.recv(1) == b""


def _listens(host: Host) -> bool:
    try:
        socket.create_connection(host.address, timeout=SECONDS).close()
    except OSError:
        return False
    return True


def test_a_connection_that_cannot_be_accepted_does_not_end_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    import eventlet.greenio.base

    accept = eventlet.greenio.base.socket_accept
    failures = [OSError(number, os.strerror(number)) for number in (errno.EMFILE, errno.ECONNRESET)]

    def failing(listener: object) -> object:
        if failures:
            raise failures.pop()
        return accept(listener)

    monkeypatch.setattr(eventlet.greenio.base, "socket_accept", failing)
    with hosted("green", Orders) as host:
        assert host.request("GET", "/files/latest").status == 200
    assert failures == []
