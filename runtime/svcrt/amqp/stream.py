"""The byte stream under a connection: non-blocking, buffered both ways, with heartbeats; py-amqp sees its transport."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from struct import Struct
from typing import Any

from svcrt.amqp.frames import HEARTBEAT_FRAME
from svcrt.amqp.servers import Server
from svcrt.amqp.tls import TlsConnector
from svcrt.concurrency import Backend, Connector, Poller

_HEAD = Struct(">BHI")
_RECEIVE_BYTES = 256 * 1024
_MAX_FRAME = 16 * 1024 * 1024
_LONGEST_WAIT = 60.0
_MISSED_BEATS = 2
_SUBSTITUTE_AFTER = 0.75
"""Heartbeats without a byte from the owner, which sends one after half of one, until another thread does it."""


class Stream:
    """Used by the owner of the connection only.

    Args:
        server: where to connect to.
        backend: what to wait with.
        poller: the owner's; a wake-up of it ends a wait here.
        tick: called with the time (monotonic) at every wait; returns how long that wait may last, in seconds.
    """

    def __init__(self, server: Server, backend: Backend, poller: Poller, tick: Callable[[float], float]) -> None:
        self.connected = False
        self.heartbeat = 0.0
        """Negotiated seconds; 0.0 sends and expects none."""
        self._server = server
        self._backend = backend
        self._poller = poller
        self._tick = tick
        self._socket: Connector | None = None
        self._received = b""
        self._at = 0
        self._outgoing: list[bytes] = []
        self._unsent = 0
        # What the socket has not taken of the last write: only after it is there room between two frames.
        self._cut = b""
        self._using = backend.native_lock()
        self._end_substitute: Callable[[], None] | None = None
        self._deadline = float("inf")
        self._last_received = self._last_sent = time.monotonic()

    # What py-amqp calls.

    def connect(self) -> None:
        """Connect, with TLS where the server has it, and write the protocol header; raises OSError."""
        timeout = self._deadline - time.monotonic()
        connection = self._backend.connect(self._server.host, self._server.port, timeout=timeout)
        self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.connected = True
        if self._server.tls is not None:
            tls = TlsConnector(connection, self._server.tls, self._server.server_name)
            self._socket = tls
            while not tls.shake_hands():
                self._check_deadline()
                self._poller.wait(tls.fileno(), write=tls.pending > 0, timeout=self._deadline - time.monotonic())
        self.write(b"AMQP\x00\x00\x09\x01")

    @contextmanager
    def having_timeout(self, _timeout: float | None) -> Iterator[None]:
        """Nothing: `within` bounds what py-amqp waits for."""
        yield

    def read_frame(self) -> tuple[int, int, bytes]:
        """Wait for the next frame; raises TimeoutError after the time given by `within`, other OSErrors at once."""
        while (frame := self.next_frame()) is None:
            self._check_deadline()
            self.pump(self._deadline - time.monotonic())
        return frame

    def write(self, data: bytes | memoryview) -> None:
        """Keep for the next flush. py-amqp hands over a view of a buffer that it uses again: hence the copy."""
        self.put(bytes(data))

    def close(self) -> None:
        """Write what fits and close, without waiting for anybody."""
        if self._socket is None:
            return
        try:
            if self.connected:
                self._flush(self._socket)
        except OSError:
            # The connection is dead already; nothing is lost that the broker could still get.
            self._outgoing.clear()
        if self._end_substitute is not None:
            self._end_substitute()
        with self._using:
            self.connected = False
            self._socket.close()
            self._socket = None

    # What the owner calls.

    def begin_heartbeat(self, seconds: float) -> None:
        """Send heartbeats from now on and expect them; 0.0 for none."""
        self.heartbeat = seconds
        if seconds:
            self._end_substitute = self._backend.beside(self._substitute)

    @property
    def unsent(self) -> int:
        """Bytes that wait to be written."""
        return self._unsent + len(self._cut)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound all waiting of the block: TimeoutError when it takes longer."""
        former, self._deadline = self._deadline, min(self._deadline, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._deadline = former

    def put(self, data: bytes) -> None:
        """Append to what leaves at the next wait."""
        self._outgoing.append(data)
        self._unsent += len(data)

    def next_frame(self) -> tuple[int, int, bytes] | None:
        """Return type, channel and payload of the next frame that is here already; None when there is none."""
        data, at = self._received, self._at
        if len(data) - at < 8:
            return None
        kind, channel, size = _HEAD.unpack_from(data, at)
        end = at + 7 + size
        if size > _MAX_FRAME:
            raise ConnectionError("the broker sent something that is not AMQP")
        if len(data) <= end:
            return None
        if data[end] != 0xCE:
            raise ConnectionError("the broker sent a frame without an end")
        self._at = end + 1
        return kind, channel, data[at + 7 : end]

    def holds_frame(self) -> bool:
        """Whether `next_frame` has one to return."""
        data, at = self._received, self._at
        return len(data) - at >= 8 and len(data) > at + 7 + _HEAD.unpack_from(data, at)[2]

    def pump(self, timeout: float) -> None:
        """Write what waits, wait up to `timeout` s for the broker or a wake-up, read what is there.

        Raises:
            OSError: the connection is gone, or the broker was silent for two heartbeats.
        """
        connection = self._socket
        if connection is None:
            raise ConnectionError("the connection is closed")
        now = time.monotonic()
        timeout = min(timeout, self._tick(now), _LONGEST_WAIT)
        if self.heartbeat:
            half = self.heartbeat / 2
            if now - self._last_sent >= half and not self.unsent:
                self.put(HEARTBEAT_FRAME)
            timeout = min(timeout, half / 2)
        self._flush(connection)
        self._poller.wait(connection.fileno(), write=self.unsent > 0 or _pending(connection) > 0, timeout=timeout)
        # Read before judging: after a long pause of this process the broker's heartbeats wait in the socket.
        if not self._receive(connection) and self.heartbeat:
            silence = time.monotonic() - self._last_received
            if silence > _MISSED_BEATS * self.heartbeat:
                raise ConnectionError(f"the broker has been silent for {silence:.1f} s")

    def _receive(self, connection: Connector) -> bool:
        try:
            with self._using:
                data = connection.recv(_RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        if not data:
            self.connected = False
            raise ConnectionError("the broker closed the connection")
        self._received = self._received[self._at :] + data if self._at < len(self._received) else data
        self._at = 0
        self._last_received = time.monotonic()
        return True

    def _flush(self, connection: Connector) -> None:
        if not self.unsent and not _pending(connection):
            return
        with self._using:
            data = b"".join((self._cut, *self._outgoing))
            self._outgoing = []
            self._unsent = 0
            self._send(connection, data)

    def _send(self, connection: Connector, data: bytes) -> None:
        view = memoryview(data)
        sent = 0
        try:
            while sent < len(view) or _pending(connection):
                sent += connection.send(view[sent:])
        except (BlockingIOError, InterruptedError):
            pass
        finally:
            self._cut = data[sent:]
        if sent:
            self._last_sent = time.monotonic()

    def _substitute(self) -> float:
        """Write for an owner that is held up, as green threads are by a handler that computes; in a native thread.

        Returns:
            Seconds until the next look.
        """
        due = _SUBSTITUTE_AFTER * self.heartbeat
        with self._using:
            left = self._last_sent + due - time.monotonic()
            if self._socket is None or left > 0:
                return max(left, due / 4)
            try:
                self._send(self._socket, self._cut or HEARTBEAT_FRAME)
            except OSError:
                # The owner will read the same from the socket, and it alone tells of it.
                self._cut = b""
        return due / 4

    def _check_deadline(self) -> None:
        if time.monotonic() >= self._deadline:
            raise TimeoutError("the broker did not answer in time")


def _pending(connection: Any) -> int:
    return connection.pending if isinstance(connection, TlsConnector) else 0
