"""The web socket client that comes with the testing kit, against real sockets."""

from collections.abc import Iterator

import pytest

from http_host import Host, hosted
from socket_rooms import Rooms, check_caller
from svcrt.errors import SocketClosed
from svcrt.http.sockets.limits import SocketLimits
from svcrt.testing import HandshakeRefused, SocketPeer


@pytest.fixture(scope="module", params=["green", "threads"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    limits = SocketLimits(close_seconds=0.3, ping_seconds=0.05, pong_seconds=1.0)
    with hosted(request.param, Rooms, authenticate=check_caller, socket_limits=limits) as host:
        yield "ws://{}:{}".format(*_address(host))


def _address(host: Host) -> tuple[str, int]:
    return host.address


def test_messages_go_both_ways(url: str) -> None:
    with SocketPeer(f"{url}/echo") as peer:
        for text in ("one", "zwölf", "x" * 1000):
            peer.send({"text": text})
            assert peer.receive() == {"text": text}


def test_several_messages_that_come_at_once_are_all_kept(url: str) -> None:
    with SocketPeer(f"{url}/script") as peer:
        peer.send({"text": "flood 100"})
        assert [peer.receive() for _ in range(100)] == [{"text": "x" * 1000}] * 100


def test_a_wait_is_bounded_and_answers_pings(url: str) -> None:
    with SocketPeer(f"{url}/echo") as peer:
        with pytest.raises(TimeoutError):
            peer.receive(timeout=1.5)
        peer.send({"text": "still there"})
        assert peer.receive() == {"text": "still there"}


def test_the_service_closes(url: str) -> None:
    with SocketPeer(f"{url}/script") as peer:
        peer.send({"text": "close 4000 enough"})
        with pytest.raises(SocketClosed) as raised:
            peer.receive()
        assert (raised.value.code, raised.value.reason) == (4000, "enough")
        with pytest.raises(SocketClosed):
            peer.send({"text": "too late"})


def test_headers_go_with_the_handshake_and_a_refusal_says_why(url: str) -> None:
    with SocketPeer(f"{url}/guarded", headers={"Authorization": "Bearer good"}) as peer:
        assert peer.receive() == {"text": "welcome"}
    with pytest.raises(HandshakeRefused, match="a token is needed") as raised:
        SocketPeer(f"{url}/guarded")
    assert raised.value.status == 401
    assert b'"status":401' in raised.value.body


def test_nobody_there_and_no_such_scheme() -> None:
    with pytest.raises(OSError, match="refused"):
        SocketPeer("ws://127.0.0.1:1/echo")
    with pytest.raises(ValueError, match=r"ws://host:port/path, not at 'http://a/'"):
        SocketPeer("http://a/")
