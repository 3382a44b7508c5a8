"""What becomes a web socket, and what everything else is answered."""

import json
import logging
import socket

import pytest

from http_host import SECONDS, Host, hosted
from socket_peers import KEY, TEXT, eventually, frame, handshake, hear, peer, said, say
from socket_rooms import Rooms, check_caller
from svcrt.errors import StartError
from svcrt.http.sockets.limits import SocketLimits


def answer(host: Host, request: bytes) -> tuple[int, dict[str, str], dict[str, object]]:
    """Status, headers and problem of a refusal; only the status line is read of a 101."""
    with (
        socket.create_connection(host.address, timeout=SECONDS) as connection,
        connection.makefile("rb") as file,
    ):
        connection.sendall(request)
        status = int(file.readline().split()[1])
        lines = iter(file.readline, b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.decode().partition(":") for line in lines)}
        body = b"" if request.startswith(b"HEAD") else file.read(int(headers.get("content-length", 0)))
    return status, headers, json.loads(body) if body else {}


def test_the_accepting_answer(rooms: Host) -> None:
    status, headers, _ = answer(rooms, handshake("/echo"))
    # The value is that of RFC 6455 section 1.3 for this key.
    assert (status, headers) == (
        101,
        {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
    )


@pytest.mark.parametrize(
    ("status", "path", "changes"),
    [
        (101, "/echo", {"Connection": "keep-alive, upgrade", "Upgrade": "h2c, WebSocket"}),
        (101, "/echo", {"Sec_WebSocket_Extensions": "permessage-deflate", "Sec_WebSocket_Protocol": "v1"}),
        (101, "/rooms/lobby?times=2", {}),
        (426, "/echo", {"Upgrade": None, "Connection": None}),
        (426, "/echo", {"Upgrade": "h2c"}),
        (426, "/echo", {"Connection": "close"}),
        (426, "/echo", {"Sec_WebSocket_Version": None}),
        (426, "/echo", {"Sec_WebSocket_Version": "8"}),
        (426, "/echo", {"version": "HTTP/1.0"}),
        (426, "/echo", {"method": "HEAD"}),
        (405, "/echo", {"method": "POST"}),
        (404, "/nothing", {}),
        (400, "/echo", {"Sec_WebSocket_Key": None}),
        (400, "/echo", {"Sec_WebSocket_Key": "c2hvcnQ="}),
        (400, "/echo", {"Sec_WebSocket_Key": f"{KEY}, {KEY}"}),
        (400, "/echo", {"Sec_WebSocket_Key": "not base64 at all!!!!!"}),
        (400, "/echo", {"Content_Length": "3"}),
        (422, "/echo?unknown=1", {}),
        (422, "/rooms/lobby?times=0", {}),
        (422, "/rooms/lobby?times=many", {}),
        (401, "/guarded", {}),
        (403, "/guarded", {"Authorization": "Bearer bad"}),
        (101, "/guarded", {"Authorization": "Bearer good"}),
        (101, "/echo", {"Origin": "http://chat.example"}),
        (101, "/echo", {"Origin": "https://chat.example:443"}),
        (101, "/echo", {"Origin": "http://chat.example:8000", "Host": "Chat.example:8000"}),
        (101, "/echo", {"Origin": "https://SHOP.example"}),
        (403, "/echo", {"Origin": "http://shop.example"}),
        (403, "/echo", {"Origin": "https://shop.example.evil.example"}),
        (403, "/echo", {"Origin": "http://chat.example:8001"}),
        (403, "/echo", {"Origin": "null"}),
        (403, "/echo", {"Origin": "http://[broken"}),
        (403, "/guarded", {"Origin": "https://evil.example", "Authorization": "Bearer good"}),
    ],
)
def test_who_gets_in(rooms: Host, status: int, path: str, changes: dict[str, str | None]) -> None:
    found, headers, problem = answer(rooms, handshake(path, **changes))
    assert found == status
    if status == 426:
        assert (headers["upgrade"], headers["sec-websocket-version"]) == ("websocket", "13")
    if status >= 400 and changes.get("method") != "HEAD":
        assert headers["content-type"] == "application/problem+json"
        assert problem["status"] == status


def test_a_refused_origin_is_told_to_the_operator(rooms: Host, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "svcrt.http"):
        answer(rooms, handshake("/echo", Origin="https://evil.example"))
    assert "to allow it, set origins = ['https://evil.example'] in svcgen.toml" in caplog.text


def test_a_star_lets_every_page_in() -> None:
    with hosted("threads", Rooms, authenticate=check_caller, origins=("*",)) as host:
        assert answer(host, handshake("/echo", Origin="https://evil.example"))[0] == 101


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_too_many_are_refused_and_room_is_made_again(concurrency: str) -> None:
    limits = SocketLimits(sockets=2)
    with hosted(concurrency, Rooms, authenticate=check_caller, socket_limits=limits) as host:
        with peer(host, "/echo"), peer(host, "/echo"):
            status, headers, problem = answer(host, handshake("/echo"))
            assert (status, problem["type"], headers["retry-after"]) == (503, "urn:svc:svc.Overloaded", "1")
        eventually(lambda: answer(host, handshake("/echo"))[0] == 101)


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_service_takes_as_many_as_it_may(concurrency: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svcrt.container.MAX_LONG_WORKERS", 1)
    with hosted(concurrency, Rooms, authenticate=check_caller) as host:
        with peer(host, "/echo"):
            status, _, problem = answer(host, handshake("/echo"))
            assert (status, problem["type"]) == (503, "urn:svc:svc.Overloaded")
        eventually(lambda: answer(host, handshake("/echo"))[0] == 101)


def test_a_protected_socket_needs_somebody_who_checks() -> None:
    class Unguarded(Rooms):
        tokens = None  # type: ignore[assignment] # an implementation that forgot it

    with pytest.raises(StartError, match=r'`rooms\.v1\.Rooms\.guarded` asks for @auth\("bearer"\)'):
        Host("threads", (Unguarded,), authenticate=check_caller).start()
    with pytest.raises(StartError, match=r"this process has nothing that checks callers"):
        Host("threads", (Rooms,)).start()


def test_what_comes_with_the_handshake_is_not_lost(rooms: Host) -> None:
    """A peer must wait for the answer; one that does not gets an orderly connection all the same."""
    with socket.create_connection(rooms.address, timeout=SECONDS) as connection:
        connection.sendall(handshake("/echo") + frame(TEXT, said("early")))
        received = b""
        while b"early" not in received:
            received += connection.recv(1000)


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_many_idle_sockets_leave_the_workers_free(concurrency: str) -> None:
    with hosted(concurrency, Rooms, authenticate=check_caller, max_workers=2) as host:
        idle = []
        try:
            for _ in range(200):
                connection = socket.create_connection(host.address, timeout=SECONDS)
                idle.append(connection)
                connection.sendall(handshake("/echo"))
                assert connection.recv(1000).startswith(b"HTTP/1.1 101")
            assert host.request("POST", "/tell", {"channel": "nobody", "text": "hears"}).status == 204
            with peer(host, "/echo") as one:
                say(one, "still here")
                assert hear(one) == "still here"
        finally:
            for connection in idle:
                connection.close()
