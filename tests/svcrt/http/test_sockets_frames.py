"""Frames that break RFC 6455, and peers that send too much, too little or too slowly."""

import struct
import time

import pytest

from http_host import SECONDS, Host, hosted
from socket_peers import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    RawPeer,
    closing,
    eventually,
    frame,
    hear,
    peer,
    said,
    say,
)
from socket_rooms import Rooms, check_caller
from svcrt.errors import SocketClosed
from svcrt.http.sockets.limits import SocketLimits

pytestmark = pytest.mark.usefixtures("fresh_notes")

SMALL = 200_000
"""Bytes that the system takes for a peer that does not read; with less than a few segments TCP itself crawls."""


def code(number: int, reason: bytes = b"") -> bytes:
    return struct.pack("!H", number) + reason


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(frame(TEXT, said("x"), masked=False), 1002, id="unmasked"),
        pytest.param(frame(TEXT, said("x"), reserved=4), 1002, id="compressed without having agreed"),
        pytest.param(frame(TEXT, said("x"), reserved=1), 1002, id="reserved bit"),
        pytest.param(frame(3, said("x")), 1002, id="unknown data opcode"),
        pytest.param(frame(11), 1002, id="unknown control opcode"),
        pytest.param(frame(CONTINUATION, said("x")), 1002, id="continuation of nothing"),
        pytest.param(frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002, id="message within a message"),
        pytest.param(frame(PING, b"x", fin=False), 1002, id="ping in fragments"),
        pytest.param(frame(PING, b"x" * 126), 1002, id="long ping"),
        pytest.param(frame(TEXT, b'{"text": "\xff"}'), 1007, id="no UTF-8"),
        pytest.param(frame(TEXT, b"\xed\xa0\x80"), 1007, id="surrogate"),
        pytest.param(
            frame(TEXT, b'{"text": "\xc3', fin=False) + frame(CONTINUATION, b'("}'), 1007, id="no UTF-8 over fragments"
        ),
        pytest.param(b"\x81\xff" + struct.pack("!Q", 1 << 63) + b"mask", 1002, id="length with the highest bit"),
        pytest.param(b"\x81\xfe\x00\x05maskhello", 1002, id="length longer than needed"),
        pytest.param(frame(TEXT, b"x" * 5001), 1009, id="too big"),
        pytest.param(b"\x81\xff" + struct.pack("!Q", 1 << 40) + b"mask" + b"\x00" * 6000, 1009, id="a terabyte"),
        pytest.param(
            frame(TEXT, b"x" * 3000, fin=False) + frame(CONTINUATION, b"x" * 3000), 1009, id="too big in fragments"
        ),
        pytest.param(frame(BINARY, b"x"), 1003, id="binary"),
        pytest.param(frame(CLOSE, b"x"), 1002, id="half a close code"),
        pytest.param(frame(CLOSE, code(999)), 1002, id="close code too low"),
        pytest.param(frame(CLOSE, code(1005)), 1002, id="close code of no frame"),
        pytest.param(frame(CLOSE, code(1006)), 1002, id="close code of a lost connection"),
        pytest.param(frame(CLOSE, code(2999)), 1002, id="reserved close code"),
        pytest.param(frame(CLOSE, code(5000)), 1002, id="close code too high"),
        pytest.param(frame(CLOSE, code(1000, b"\xff")), 1007, id="reason without UTF-8"),
        pytest.param(frame(CLOSE, code(1000, b"bye")), 1000, id="close"),
        pytest.param(frame(CLOSE), 1005, id="close without a code"),
        pytest.param(frame(CLOSE, code(4999)), 4999, id="close with an own code"),
        pytest.param(frame(PONG, b"unasked") + frame(CLOSE, code(1001)), 1001, id="a pong that nobody asked for"),
        pytest.param(frame(CLOSE, code(1000)) + frame(TEXT, b"\xff"), 1000, id="what comes after a close"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1002, id="HTTP again"),
    ],
)
def test_hostile_and_unusual_frames(rooms: Host, data: bytes, expected: int) -> None:
    with RawPeer(rooms, "/echo") as raw:
        raw.send(data)
        assert raw.close_code() == expected
        # Then the connection ends, and the next peer is served.
        assert raw.receive() is None
    with peer(rooms, "/echo") as other:
        say(other, "well")
        assert hear(other) == "well"


def test_a_message_of_the_greatest_size(rooms: Host) -> None:
    text = said("x" * 900).ljust(5000)
    with RawPeer(rooms, "/echo") as raw:
        raw.send(frame(TEXT, text))
        assert raw.receive() == (TEXT, b'{"text":"' + b"x" * 900 + b'"}')


def test_pings_are_answered_with_what_they_carry(rooms: Host) -> None:
    with RawPeer(rooms, "/echo") as raw:
        raw.send(frame(TEXT, b'{"te', fin=False) + frame(PING, b"within") + frame(CONTINUATION, b'xt": "a"}'))
        assert raw.receive() == (PONG, b"within")
        assert raw.receive() == (TEXT, b'{"text":"a"}')


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_peer_that_answers_no_ping_is_given_up(concurrency: str) -> None:
    limits = SocketLimits(ping_seconds=0.05, pong_seconds=1.0)
    with (
        hosted(concurrency, Rooms, authenticate=check_caller, socket_limits=limits) as host,
        peer(host, "/echo", ping_interval=None) as alive,
        RawPeer(host, "/echo") as dead,
    ):
        assert dead.receive() == (PING, b"")
        assert dead.close_code() == 1006
        # The other one has been answering all the time.
        say(alive, "here")
        assert hear(alive) == "here"


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_method_that_does_not_read_holds_up_its_peer_only(concurrency: str) -> None:
    """Nothing more is read than the bounded queue takes, and the peer is not taken for dead meanwhile."""
    limits = SocketLimits(waiting=4, ping_seconds=0.05, pong_seconds=0.1)
    Rooms.release.clear()
    with (
        hosted(concurrency, Rooms, authenticate=check_caller, socket_limits=limits) as host,
        RawPeer(host, "/script") as raw,
    ):
        raw.send(frame(TEXT, said("hold")))
        raw.socket.settimeout(1.0)
        with pytest.raises(TimeoutError):
            send_for_ever(raw, frame(TEXT, said("sleep 0").ljust(60_000)))
        Rooms.release.set()
        # It reads again what had come before, and has not given up the connection meanwhile.
        eventually(lambda: Rooms.noted.qsize() > 10)


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_slow_reader_is_cut_and_holds_up_nobody(concurrency: str, caplog: pytest.LogCaptureFixture) -> None:
    limits = SocketLimits(buffer=100_000, close_seconds=0.5)
    with (
        hosted(concurrency, Rooms, authenticate=check_caller, socket_limits=limits) as host,
        RawPeer(host, "/rooms/lobby", receive_buffer=SMALL) as slow,
        peer(host, "/rooms/lobby") as quick,
    ):
        assert slow.receive() is not None
        hear(quick)
        text = "x" * 100_000
        longest, count = 0.0, 0
        while "does not read" not in caplog.text:
            assert count < 1000, "the system takes everything"
            began = time.monotonic()
            assert host.request("POST", "/tell", {"channel": "lobby", "text": text}).status == 204
            assert hear(quick) == text
            longest, count = max(longest, time.monotonic() - began), count + 1
        assert longest < 8.0, "a message waited for the slow reader, whom `send` gives 20 s"
        # It reads again: what was sent before the cut, then why.
        assert slow.close_code() in (1013, 1006)
        assert host.request("POST", "/tell", {"channel": "lobby", "text": "on"}).status == 204
        assert hear(quick) == "on"


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_sender_waits_for_room_and_gives_up_a_stuck_peer(concurrency: str) -> None:
    limits = SocketLimits(buffer=10_000, send_seconds=0.3, close_seconds=5.0)
    with hosted(concurrency, Rooms, authenticate=check_caller, socket_limits=limits) as host:
        with RawPeer(host, "/script", receive_buffer=SMALL) as stuck:
            stuck.send(frame(TEXT, said("flood 100000")))
            name, error = Rooms.ended.get(timeout=SECONDS)
            assert (name, type(error)) == ("script", SocketClosed)
            assert stuck.close_code() == 1013
        with peer(host, "/script", max_queue=None) as reader:
            say(reader, "flood 2000")
            for _ in range(2000):
                assert len(hear(reader)) == 1000
            reader.close()


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_flood_of_pings_is_bounded(concurrency: str, caplog: pytest.LogCaptureFixture) -> None:
    """Pongs go through the send buffer, so a peer that only sends is cut as a slow reader."""
    pings = frame(PING, b"x" * 125) * 500
    limits = SocketLimits(buffer=10_000, close_seconds=0.1)
    with (
        hosted(concurrency, Rooms, authenticate=check_caller, socket_limits=limits) as host,
        RawPeer(host, "/echo", receive_buffer=SMALL) as raw,
    ):
        with pytest.raises(ConnectionError):
            send_for_ever(raw, pings)
        assert "does not read" in caplog.text


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_slow_reader_gets_all_that_came_before_the_close(concurrency: str) -> None:
    limits = SocketLimits(buffer=10_000_000, close_seconds=0.3)
    with (
        hosted(concurrency, Rooms, authenticate=check_caller, socket_limits=limits) as host,
        RawPeer(host, "/script", receive_buffer=SMALL) as slow,
    ):
        slow.send(frame(TEXT, said("flood 8000")) + frame(TEXT, said("return")))
        for number in range(8000):
            received = slow.receive()
            assert received is not None
            assert received[0] == TEXT
            if number % 400 == 0:
                # All together longer than the peer of a closed socket has to answer.
                time.sleep(0.05)
        assert slow.close_code() == 1000


def send_for_ever(raw: RawPeer, data: bytes) -> None:
    while True:
        raw.send(data)


def test_the_peer_of_another_make_sees_a_clean_end(rooms: Host) -> None:
    with peer(rooms, "/script") as socket:
        say(socket, "return")
        assert closing(socket) == (1000, "")
