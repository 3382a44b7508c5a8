"""The fault proxy between two plain sockets: what each fault does to the bytes and to both ends."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

import waiting
from svcrt.testing import FaultProxy

HEADER = b"AMQP\x00\x00\x09\x01"
SECONDS = 20.0


def frame(size: int) -> bytes:
    """A frame of `size` bytes in all."""
    return b"\x01\x00\x01" + (size - 8).to_bytes(4, "big") + b"x" * (size - 8) + b"\xce"


@dataclass
class Ends:
    """A client behind the proxy, and what the server behind it has taken."""

    proxy: FaultProxy
    listener: socket.socket
    opened: list[socket.socket] = field(default_factory=list)

    def pair(self) -> tuple[socket.socket, socket.socket]:
        """Connect; return the ends of the client and of the server."""
        client = socket.create_connection(("127.0.0.1", self.proxy.port), timeout=SECONDS)
        self.opened.append(client)
        server, _ = self.listener.accept()
        server.settimeout(SECONDS)
        self.opened.append(server)
        return client, server


@pytest.fixture
def ends() -> Iterator[Ends]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)
        with FaultProxy(f"amqp://127.0.0.1:{listener.getsockname()[1]}/") as proxy:
            ends = Ends(proxy, listener)
            yield ends
            for each in ends.opened:
                each.close()


def take(end: socket.socket, count: int) -> bytes:
    """Read exactly so many bytes."""
    data = b""
    while len(data) < count:
        part = end.recv(count - len(data))
        assert part, f"the end after {len(data)} bytes"
        data += part
    return data


def is_silent(end: socket.socket, seconds: float = 0.2) -> bool:
    """Whether nothing comes, neither a byte nor the end."""
    end.settimeout(seconds)
    try:
        return end.recv(1) is None
    except TimeoutError:
        return True
    finally:
        end.settimeout(SECONDS)


def test_without_a_fault_all_goes_through_both_ways(ends: Ends) -> None:
    client, server = ends.pair()
    data = bytes(range(256)) * 20_000
    sender = threading.Thread(target=client.sendall, args=[data])
    sender.start()
    assert take(server, len(data)) == data
    sender.join()
    server.sendall(b"answer")
    assert take(client, 6) == b"answer"
    assert (ends.proxy.accepted, ends.proxy.open) == (1, 1)
    client.close()
    assert server.recv(1) == b""
    server.close()
    waiting.wait_until(lambda: ends.proxy.open == 0)
    assert ends.proxy.accepted == 1


def test_the_url_is_that_of_the_broker_but_for_the_address() -> None:
    with FaultProxy("amqp://me:a%40b@localhost:1/some%2Fhost?x=1") as proxy:
        assert proxy.url == f"amqp://me:a%40b@127.0.0.1:{proxy.port}/some%2Fhost?x=1"
    with pytest.raises(ValueError, match="needs the URL of a broker"):
        FaultProxy("localhost")


@pytest.mark.parametrize("way", ["upstream", "downstream"])
def test_drop_swallows_one_way_and_heal_resets_what_has_a_gap(ends: Ends, way: str) -> None:
    client, server = ends.pair()
    source, sink = (client, server) if way == "upstream" else (server, client)
    getattr(ends.proxy, way).drop()
    source.sendall(b"lost")
    assert is_silent(sink)
    sink.sendall(b"other way")
    assert take(source, 9) == b"other way"
    ends.proxy.heal()
    for end in (source, sink):
        with pytest.raises(ConnectionResetError):
            end.recv(1)
    client, server = ends.pair()
    client.sendall(b"again")
    assert take(server, 5) == b"again"


@pytest.mark.parametrize("way", ["upstream", "downstream"])
def test_delay_holds_back_and_keeps_the_order(ends: Ends, way: str) -> None:
    client, server = ends.pair()
    source, sink = (client, server) if way == "upstream" else (server, client)
    getattr(ends.proxy, way).delay(0.2, jitter=0.3)
    begun = time.monotonic()
    for number in range(20):
        source.sendall(bytes([number]))
        time.sleep(0.005)
    assert take(sink, 1) == b"\x00"
    assert time.monotonic() - begun >= 0.2
    assert take(sink, 19) == bytes(range(1, 20))
    sink.sendall(b"x")
    assert take(source, 1) == b"x"


def test_heal_lets_go_of_what_is_held_back(ends: Ends) -> None:
    client, server = ends.pair()
    ends.proxy.upstream.delay(60.0)
    client.sendall(b"late")
    assert is_silent(server)
    ends.proxy.heal()
    assert take(server, 4) == b"late"


def test_throttle_is_a_rate(ends: Ends) -> None:
    client, server = ends.pair()
    ends.proxy.downstream.throttle(20_000)
    begun = time.monotonic()
    server.sendall(b"x" * 10_000)
    take(client, 10_000)
    assert time.monotonic() - begun >= 0.3
    ends.proxy.heal()
    server.sendall(b"x" * 1_000_000)
    take(client, 1_000_000)


def test_reset_tells_both_ends_at_once(ends: Ends) -> None:
    pairs = [ends.pair(), ends.pair()]
    waiting.wait_until(lambda: ends.proxy.open == 2)
    ends.proxy.reset()
    for pair in pairs:
        for end in pair:
            with pytest.raises(ConnectionResetError):
                end.recv(1)
    assert (ends.proxy.accepted, ends.proxy.open) == (2, 0)


@pytest.mark.parametrize("way", ["upstream", "downstream"])
def test_reset_of_one_way_is_noticed_by_the_other_end_when_it_sends(ends: Ends, way: str) -> None:
    client, server = ends.pair()
    source, sink = (client, server) if way == "upstream" else (server, client)
    getattr(ends.proxy, way).reset()
    with pytest.raises(ConnectionResetError):
        sink.recv(1)
    assert is_silent(source)
    source.sendall(b"hello?")
    with pytest.raises(ConnectionResetError):
        source.recv(1)


@pytest.mark.parametrize("way", ["upstream", "downstream"])
def test_half_open_forwards_nothing_and_tells_nothing_until_healed(ends: Ends, way: str) -> None:
    client, server = ends.pair()
    source, sink = (client, server) if way == "upstream" else (server, client)
    getattr(ends.proxy, way).half_open()
    source.sendall(b"waits")
    source.close()
    assert is_silent(sink)
    other, other_server = ends.pair()
    other.sendall(b"new")
    assert take(other_server, 3) == b"new", "a new connection is served"
    ends.proxy.heal()
    assert take(sink, 5) == b"waits"
    assert sink.recv(1) == b""


@pytest.mark.parametrize("way", ["upstream", "downstream"])
def test_cut_lets_so_many_bytes_through(ends: Ends, way: str) -> None:
    client, server = ends.pair()
    source, sink = (client, server) if way == "upstream" else (server, client)
    source.sendall(b"before")
    take(sink, 6)
    getattr(ends.proxy, way).cut(after=1000)
    source.sendall(b"a" * 400)
    source.sendall(b"b" * 400)
    source.sendall(b"c" * 400)
    assert take(sink, 1000) == b"a" * 400 + b"b" * 400 + b"c" * 200
    assert sink.recv(1) == b""


@pytest.mark.parametrize("inside", [3, 7, 50])
@pytest.mark.parametrize("piece", [1, 5, 1000])
def test_cut_in_the_middle_of_the_next_frame_that_is_long_enough(ends: Ends, inside: int, piece: int) -> None:
    client, server = ends.pair()
    client.sendall(HEADER + frame(30) + frame(40)[:20])
    take(server, 58)
    ends.proxy.upstream.cut_frame(inside)
    rest = frame(40)[20:] + frame(20) + frame(200) + frame(30)
    for at in range(0, len(rest), piece):
        try:
            client.sendall(rest[at : at + piece])
        except ConnectionError:
            break  # it is cut already
    expected = rest[: 20 + (20 if inside == 50 else 0) + inside]
    assert take(server, len(expected)) == expected
    with pytest.raises(AssertionError, match="the end"):
        take(server, 1)


def test_refused_and_unanswered_connections(ends: Ends) -> None:
    client, server = ends.pair()
    port = ends.proxy.port
    ends.proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    client.sendall(b"present ones go on")
    take(server, 18)
    ends.proxy.refuse(False)
    ends.proxy.mute()
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as deaf:
        deaf.sendall(HEADER)
        assert is_silent(deaf)
        waiting.wait_until(lambda: ends.proxy.accepted == 2)
        ends.proxy.heal()
        with pytest.raises(ConnectionResetError):
            deaf.recv(1)
    client, server = ends.pair()
    assert ends.proxy.port == port


def test_a_target_that_is_not_there_looks_like_a_closed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with (
        FaultProxy(f"amqp://127.0.0.1:{port}/") as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=SECONDS) as client,
    ):
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
        client.close()
        waiting.wait_until(lambda: proxy.open == 0)


def test_its_process_ends_with_the_proxy_and_says_so_when_it_is_not_there(ends: Ends) -> None:
    proxy = FaultProxy("amqp://127.0.0.1/")
    with pytest.raises(RuntimeError, match="not started"):
        proxy.heal()
    proxy.start()
    process = proxy._process
    assert process is not None
    proxy.close()
    assert process.returncode == 0
    proxy.close()
    with pytest.raises(RuntimeError, match="not started"):
        proxy.heal()


def test_a_green_process_whose_hub_stands_still_does_not_stop_it(ends: Ends) -> None:
    program = f"""
from svcrt.concurrency.green import patch
patch()
import time, eventlet.patcher
from svcrt.testing.proxy import FaultProxy
with FaultProxy("amqp://127.0.0.1:{ends.listener.getsockname()[1]}/") as proxy:
    print(proxy.port, flush=True)
    eventlet.patcher.original("time").sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as client:
            server, _ = ends.listener.accept()
            with server:
                client.sendall(b"through")
                assert take(server, 7) == b"through"
        process.kill()
    # The proxy's process has heard the end of its parent.
    waiting.wait_until(lambda: _is_refused(port))


def _is_refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
