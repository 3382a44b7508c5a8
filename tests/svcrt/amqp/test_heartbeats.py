"""Heartbeats of a stream whose owner is held up: on the bytes that a peer gets."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import waiting
from svcrt.amqp.frames import BODY, END, HEARTBEAT, HEARTBEAT_FRAME
from svcrt.amqp.servers import parse_servers
from svcrt.amqp.stream import Stream
from svcrt.concurrency import backend

BEAT = 0.4
SIZE = 8 * 1024 * 1024
PROTOCOL_HEADER = 8


class Peer(threading.Thread):
    """Takes one connection and keeps what it gets, once it is told to read."""

    def __init__(self) -> None:
        super().__init__()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.may_read = threading.Event()
        self.got = bytearray()

    def run(self) -> None:
        with self._listener, self._listener.accept()[0] as connection:
            self.may_read.wait(waiting.WITHIN)
            while data := connection.recv(65536):
                self.got += data

    def frames(self) -> list[tuple[int, int]]:
        """Kind and size of each whole frame so far; fails where one has no end."""
        found: list[tuple[int, int]] = []
        at = PROTOCOL_HEADER
        while len(self.got) >= at + 8:
            size = int.from_bytes(self.got[at + 3 : at + 7], "big")
            end = at + 7 + size
            if len(self.got) <= end:
                break
            assert self.got[end] == END, f"frame {len(found)} was written into"
            found.append((self.got[at], size))
            at = end + 1
        return found


@contextmanager
def stream_to(peer: Peer, concurrency: str) -> Iterator[Stream]:
    """Connect a stream; its owner is whoever calls `pump`."""
    peer.start()
    chosen = backend(concurrency)
    poller = chosen.poller()
    (server,) = parse_servers(f"amqp://127.0.0.1:{peer.port}")
    stream = Stream(server, chosen, poller, lambda now: 0.0, lambda data: None)
    with stream.within(10.0):
        stream.connect()
    try:
        yield stream
    finally:
        peer.may_read.set()
        stream.close()
        poller.close()
        peer.join(waiting.WITHIN)


def test_an_owner_that_is_held_up_is_substituted() -> None:
    peer = Peer()
    peer.may_read.set()
    with stream_to(peer, "green") as stream:
        stream.begin_heartbeat(BEAT)
        # No green thread runs from here on.
        waiting.wait_until(lambda: peer.frames().count((HEARTBEAT, 0)) >= 3)
        assert peer.got[PROTOCOL_HEADER:][:8] == HEARTBEAT_FRAME


def test_a_heartbeat_never_stands_inside_a_frame() -> None:
    """The rest of a frame that the socket did not take is sent first, by whoever comes."""
    peer = Peer()
    with stream_to(peer, "green") as stream:
        stream.begin_heartbeat(BEAT)
        stream.put(bytes((BODY, 0, 1)) + SIZE.to_bytes(4, "big") + b"x" * SIZE + bytes((END,)))
        stream.pump()
        assert 0 < stream.unsent < SIZE
        time.sleep(2 * BEAT)
        peer.may_read.set()
        waiting.wait_until(lambda: peer.frames().count((HEARTBEAT, 0)) >= 2)
        assert peer.frames()[0] == (BODY, SIZE)
        assert stream.unsent == 0


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_an_owner_that_is_there_beats_itself_and_a_closed_stream_does_not(concurrency: str) -> None:
    peer = Peer()
    peer.may_read.set()
    began, threads = time.monotonic(), len(os.listdir("/proc/self/task"))
    with stream_to(peer, concurrency) as stream:
        stream.begin_heartbeat(BEAT)
        until = time.monotonic() + 3 * BEAT
        while time.monotonic() < until:
            # The peer is silent, which is not the point here.
            stream._last_received = time.monotonic()
            stream.pump()
    # Every half of a beat, not more often because there are two who could.
    assert 2 <= len(peer.frames()) <= (time.monotonic() - began) / (BEAT / 2) + 1
    waiting.wait_until(lambda: len(os.listdir("/proc/self/task")) <= threads)
