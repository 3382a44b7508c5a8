"""Streams over HTTP: their two forms, errors before and after the first item, and clients that go away."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from feed_services import Seen, feed
from http_host import SECONDS, Answer, Host, hosted
from probe_services import wait_until
from svcrt.concurrency import backend
from svcrt.http import streams

SSE = "text/event-stream"
LINES = "application/x-ndjson"


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture(params=["green", "threads"])
def host(request: pytest.FixtureRequest, seen: Seen) -> Iterator[Host]:
    name: str = request.param
    with hosted(name, feed(seen, backend(name))) as running:
        yield running


@contextmanager
def opened(host: Host, path: str, version: str = "1.1") -> Iterator[socket.socket]:
    """A connection on which a stream was asked for."""
    with socket.create_connection(host.address, timeout=SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/{version}\r\nHost: x\r\n\r\n".encode())
        yield connection


def received(connection: socket.socket, until: bytes) -> bytes:
    data = b""
    while until not in data:
        more = connection.recv(65536)
        assert more, data
        data += more
    return data


def get(host: Host, path: str, accept: str | None = None, method: str = "GET") -> Answer:
    return host.request(method, path, headers={} if accept is None else {"Accept": accept})


# --- forms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [None, "*/*", SSE, "text/*", f"{LINES};q=0.5, {SSE}"])
def test_items_come_as_events(host: Host, accept: str | None) -> None:
    answer = get(host, "/numbers/2", accept)
    assert answer.status == 200
    assert answer.body == (
        b'id: 1\ndata: {"value":0,"text":""}\n\nid: 2\ndata: {"value":1,"text":""}\n\nevent: end\ndata: {"items":2}\n\n'
    )
    assert answer.headers["content-type"] == SSE
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("accept", [LINES, "application/jsonl", f"{LINES}, {SSE};q=0.1"])
def test_items_come_as_lines(host: Host, accept: str) -> None:
    answer = get(host, "/numbers/2", accept)
    assert answer.body == b'{"value":0,"text":""}\n{"value":1,"text":""}\n'
    assert answer.headers["content-type"] == accept.partition(",")[0]


def test_a_stream_without_items_ends(host: Host) -> None:
    assert get(host, "/numbers/0", LINES).body == b""
    assert get(host, "/numbers/0", SSE).body == b'event: end\ndata: {"items":0}\n\n'


def test_a_form_that_there_is_not(host: Host, seen: Seen) -> None:
    answer = get(host, "/numbers/2", "text/html, application/json")
    assert (answer.status, answer.headers["content-type"]) == (406, "application/problem+json")
    assert "text/event-stream, application/x-ndjson" in answer.json()["detail"]
    assert seen.opened == 0


def test_head_tells_the_form_and_runs_nothing(host: Host, seen: Seen) -> None:
    answer = get(host, "/numbers/2", LINES, "HEAD")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, LINES, b"")
    assert get(host, "/numbers/two", LINES, "HEAD").status == 422
    assert seen.opened == 0


def test_ten_thousand_items_are_complete_and_in_order(host: Host, seen: Seen) -> None:
    lines = get(host, "/numbers/10000", LINES).body.splitlines()
    assert [json.loads(line)["value"] for line in lines] == list(range(10_000))
    assert seen.ended == ["done"]


def test_items_leave_as_they_come(host: Host) -> None:
    with opened(host, "/watch/quiet") as connection:
        assert received(connection, b"\n\n").startswith(b"HTTP/1.1 200 ")


def test_a_connection_carries_one_stream_after_the_other(seen: Seen) -> None:
    with hosted("green", feed(seen)) as host:
        connection = http.client.HTTPConnection(*host.address, timeout=SECONDS)
        for count in (3, 0, 2):
            connection.request("GET", f"/numbers/{count}", headers={"Accept": LINES})
            assert connection.getresponse().read().count(b"\n") == count
        connection.close()


def test_a_client_of_http_1_0_reads_to_the_end(host: Host) -> None:
    with opened(host, "/numbers/2", "1.0") as connection:
        data = b""
        while more := connection.recv(65536):
            data += more
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert body.endswith(b'\n\nevent: end\ndata: {"items":2}\n\n')


# --- errors ------------------------------------------------------------------------------------------------------


def test_an_error_before_the_first_item_has_its_status(host: Host) -> None:
    answer = get(host, "/watch/unknown")
    assert (answer.status, answer.headers["content-type"]) == (416, "application/problem+json")
    assert answer.json()["fields"] == {"at": 0}
    assert get(host, "/numbers/-1").status == 422


@pytest.mark.parametrize(
    ("topic", "status", "name"),
    [("refused", 416, "feed.v1.TooFar"), ("broken", 500, "svc.Internal"), ("wrong", 500, "svc.Internal")],
)
def test_an_error_after_an_item_is_the_last_part(host: Host, topic: str, status: int, name: str) -> None:
    events = get(host, f"/watch/{topic}", SSE).body.decode().removesuffix("\n\n").split("\n\n")
    assert events[0] == f'id: 1\ndata: "{topic}"'
    kind, _, data = events[1].partition("\ndata: ")
    assert (len(events), kind) == (2, "event: problem")
    lines = get(host, f"/watch/{topic}", LINES).body.splitlines()
    assert lines[0] == f'"{topic}"'.encode()
    for problem in (json.loads(data), json.loads(lines[1])["svc-problem"]):
        assert (problem["status"], problem["type"]) == (status, f"urn:svc:{name}")
        assert "secret" not in str(problem)


# --- who goes away -----------------------------------------------------------------------------------------------


def test_a_slow_client_slows_the_method(host: Host, seen: Seen) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(SECONDS)
        connection.connect(host.address)
        connection.sendall(b"GET /numbers/100000?size=10000 HTTP/1.1\r\nHost: x\r\n\r\n")
        received(connection, b"id: 1\n")
        # What the two sockets hold is the kernel's to say, but far from the gigabyte that is offered.
        former = -1
        while seen.produced != former:
            former = seen.produced
            time.sleep(0.3)
        assert seen.produced < 5000
    wait_until(lambda: seen.ended == ["closed"])


def test_a_client_that_goes_ends_the_method(host: Host, seen: Seen) -> None:
    with opened(host, "/watch/ticking") as connection:
        received(connection, b"tick")
    wait_until(lambda: seen.ended == ["ticking"])


@pytest.mark.parametrize("topic", ["quiet", "mute"])
def test_a_client_that_goes_ends_a_method_that_waits(seen: Seen, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not by writing to it.
    monkeypatch.setattr(streams, "ALIVE_SECONDS", 3600.0)

    class Mute(feed(seen, backend("green"))):  # type: ignore[misc] # a class made for this test
        def watch(self, *, topic: str) -> Iterator[str]:
            if topic == "mute":
                seen.begin()
                try:
                    backend("green").sleep(3600.0)
                finally:
                    seen.end(topic)
            yield from super().watch(topic=topic)

    with hosted("green", Mute) as host, opened(host, f"/watch/{topic}") as connection:
        wait_until(lambda: seen.opened == 1)
        connection.close()
        wait_until(lambda: seen.ended == [topic])


def test_a_quiet_stream_stays_open(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "ALIVE_SECONDS", 0.05)
    with opened(host, "/watch/quiet") as connection:
        data = received(connection, b": alive\n\n")
        assert b'data: "quiet"' in data
        received(connection, b": alive\n\n")


def test_a_method_that_gives_nothing_yet_has_a_head(host: Host, monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    monkeypatch.setattr(streams, "HOLD_SECONDS", 0.05)
    with opened(host, "/watch/slow") as connection:
        assert b"\r\n\r\n" in received(connection, b": alive\n\n")


def test_a_stopping_gateway_says_so(host: Host, seen: Seen) -> None:
    with opened(host, "/watch/ticking") as connection:
        received(connection, b"tick")
        host.begin_stop(SECONDS)
        assert b"urn:svc:svc.StreamInterrupted" in received(connection, b"event: problem")
    wait_until(lambda: seen.ended == ["ticking"])
