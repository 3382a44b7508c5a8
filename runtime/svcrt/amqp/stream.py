"""The byte stream under a connection: non-blocking, buffered both ways, with heartbeats; py-amqp sees its transport."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from svcrt.amqp.frames import HEARTBEAT_FRAME
from svcrt.amqp.servers import Server
from svcrt.amqp.tls import TlsConnector
from svcrt.concurrency import Backend, Connector, Poller

_RECEIVE_BYTES = 64 * 1024
"""Not more: of a buffer above 128 KiB glibc takes and gives back the memory at each read, two system calls beside."""
_LONGEST_WAIT = 60.0
_MISSED_BEATS = 2
_SUBSTITUTE_AFTER = 0.75
"""Heartbeats without a byte from the owner, which sends one after half of one, until another thread does it."""


class Stream:
    """Only its owner reads and waits; anybody may `put` and `flush`.

    Args:
        server: where to connect to.
        backend: what to wait with.
        poller: the owner's; a wake-up of it ends a wait here.
        tick: called with the time (monotonic) at every wait; returns how long that wait may last, in seconds.
        on_data: called with what was received.
    """

    def __init__(
        self,
        server: Server,
        backend: Backend,
        poller: Poller,
        tick: Callable[[float], float],
        on_data: Callable[[bytes], None],
    ) -> None:
        self.connected = False
        self.heartbeat = 0.0
        """Negotiated seconds; 0.0 sends and expects none."""
        self._server = server
        self._backend = backend
        self._poller = poller
        self._tick = tick
        self._on_data = on_data
        self._socket: Connector | None = None
        self._outgoing: list[bytes] = []
        self._writing: Any = backend.guard()
        self._left = memoryview(b"")
        self.unsent = 0
        """About how many bytes wait to be written."""
        self._failure: OSError | None = None
        self._is_substituted = False
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
            tls = TlsConnector(connection, self._server.tls, self._server.server_name, self._backend.guard())
            self._socket = tls
            while not tls.shake_hands():
                self.check_deadline()
                self._poller.wait(tls.fileno(), write=tls.pending > 0, timeout=self._deadline - time.monotonic())
        self.write(b"AMQP\x00\x00\x09\x01")

    @contextmanager
    def having_timeout(self, _timeout: float | None) -> Iterator[None]:
        """Nothing: `within` bounds what py-amqp waits for."""
        yield

    def write(self, data: bytes | memoryview) -> None:
        """Keep for the next flush. py-amqp hands over a view of a buffer that it uses again: hence the copy."""
        self.put(bytes(data))

    def close(self) -> None:
        """Write what fits and close, without waiting for anybody."""
        connection, self._socket = self._socket, None
        if connection is None:
            return
        try:
            if self.connected:
                self._flush(connection)
        except OSError:
            # The connection is dead already; nothing is lost that the broker could still get.
            self._outgoing.clear()
        if self._end_substitute is not None:
            self._end_substitute()
        with self._writing:
            self.connected = False
            connection.close()

    # What the owner calls.

    def begin_heartbeat(self, seconds: float) -> None:
        """Send heartbeats from now on and expect them; 0.0 for none."""
        self.heartbeat = seconds
        if seconds:
            self._end_substitute = self._backend.beside(self._substitute)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound all waiting of the block: TimeoutError when it takes longer."""
        former, self._deadline = self._deadline, min(self._deadline, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._deadline = former

    @property
    def holds_unsent(self) -> bool:
        """Whether anything waits to be written."""
        return bool(self._outgoing) or len(self._left) > 0

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing was written for so long: then one more write costs less than to wait for company."""
        return time.monotonic() - self._last_sent > seconds

    def check_deadline(self) -> None:
        """Raise TimeoutError when the time of `within` is over."""
        if time.monotonic() >= self._deadline:
            raise TimeoutError("the broker did not answer in time")

    def pump(self) -> None:
        """Write what waits, wait for the broker, a wake-up or the end of `within`, read what is there.

        Raises:
            OSError: the connection is gone, or the broker was silent for two heartbeats.
        """
        connection = self._connection()
        timeout = self._prepare_wait(connection, self._deadline - time.monotonic())
        self._poller.wait(connection.fileno(), write=self._is_stuck(connection), timeout=timeout)
        self._finish_wait(connection)

    def serve(self, on_read: Callable[[], bool]) -> None:
        """Write what waits, then have `on_read()` called after everything that is read, until it returns True.

        Also returns on a wake-up and when the clock wants it. Raises as `pump`.
        """
        connection = self._connection()

        def on_readable() -> bool:
            try:
                return self._receive(connection) and on_read()
            except OSError as error:
                self._failure = error
                return True

        timeout = self._prepare_wait(connection, _LONGEST_WAIT)
        self._poller.serve(connection.fileno(), on_readable, write=self._is_stuck(connection), timeout=timeout)
        if self._failure is None:
            self._finish_wait(connection)
        if self._failure is not None:
            raise self._failure

    # What anybody may call.

    def put(self, data: bytes) -> None:
        """Append to what leaves with the next flush."""
        self._outgoing.append(data)
        self.unsent += len(data)

    def flush(self) -> None:
        """Write what waits, as far as the socket takes it; the owner is told of the rest, and of a failure."""
        connection = self._socket
        if connection is None:
            return
        try:
            self._flush(connection)
        except OSError as error:
            self._failure = error
        if self._failure is not None or len(self._left):
            self._poller.wake()

    def _connection(self) -> Connector:
        if self._failure is not None:
            raise self._failure
        if self._socket is None:
            raise ConnectionError("the connection is closed")
        return self._socket

    def _prepare_wait(self, connection: Connector, timeout: float) -> float:
        now = time.monotonic()
        timeout = min(timeout, self._tick(now), _LONGEST_WAIT)
        if self.heartbeat:
            half = self.heartbeat / 2
            if now - self._last_sent >= half and not self.holds_unsent:
                self.put(HEARTBEAT_FRAME)
            timeout = min(timeout, half / 2)
        self._flush(connection)
        return timeout

    def _finish_wait(self, connection: Connector) -> None:
        # Read before judging: after a long pause of this process the broker's heartbeats wait in the socket.
        if not self._receive(connection) and self.heartbeat:
            silence = time.monotonic() - self._last_received
            if silence > _MISSED_BEATS * self.heartbeat:
                raise ConnectionError(f"the broker has been silent for {silence:.1f} s")

    def _receive(self, connection: Connector) -> bool:
        try:
            data = connection.recv(_RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        if not data:
            self.connected = False
            raise ConnectionError("the broker closed the connection")
        self._last_received = time.monotonic()
        self._on_data(data)
        return True

    def _is_stuck(self, connection: Connector) -> bool:
        return len(self._left) > 0 or _pending(connection) > 0

    def _flush(self, connection: Connector) -> None:
        # Whoever holds the guard writes what others put meanwhile: many threads then share one system call.
        while self._outgoing or len(self._left) or _pending(connection):
            if not self._writing.acquire(False):
                if not self._is_substituted:
                    return
                # That thread writes one heartbeat, and nothing of ours.
                self._writing.acquire()
            try:
                is_done = self._write(connection)
            finally:
                self._writing.release()
            if not is_done:
                return

    def _write(self, connection: Connector) -> bool:
        """Write what waits; tell whether the socket has taken all of it."""
        outgoing = self._outgoing
        count = len(outgoing)
        if len(self._left) or count > 1:
            # What others append meanwhile stays in the list.
            data = memoryview(b"".join((self._left, *outgoing[:count])))
        else:
            data = memoryview(outgoing[0] if count else b"")
        del outgoing[:count]
        return self._send(connection, data)

    def _send(self, connection: Connector, data: memoryview) -> bool:
        sent = 0
        try:
            while sent < len(data) or _pending(connection):
                sent += connection.send(data[sent:])
        except (BlockingIOError, InterruptedError):
            pass
        finally:
            self._left = data[sent:]
            self.unsent = len(data) - sent
        if sent:
            self._last_sent = time.monotonic()
        return sent == len(data) and not _pending(connection)

    def _substitute(self) -> float:
        """Write for an owner that is held up, as green threads are by a handler that computes; in a native thread.

        Returns:
            Seconds until the next look.
        """
        due = _SUBSTITUTE_AFTER * self.heartbeat
        left = self._last_sent + due - time.monotonic()
        if left > 0:
            return max(left, due / 4)
        self._is_substituted = True
        try:
            with self._writing:
                if self._socket is not None:
                    # Between two frames there is room only after the rest of the one that the socket has cut.
                    self._send(self._socket, self._left if len(self._left) else memoryview(HEARTBEAT_FRAME))
        except OSError:
            # The owner will read the same from the socket, and it alone tells of it.
            self._left = memoryview(b"")
        finally:
            self._is_substituted = False
        return due / 4


def _pending(connection: Any) -> int:
    return connection.pending if isinstance(connection, TlsConnector) else 0
