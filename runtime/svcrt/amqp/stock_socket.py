"""The socket under stock py-amqp: what its transport expects of one, waiting through a back end's poller."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from amqp.transport import TCPTransport

from svcrt.amqp.servers import Server
from svcrt.amqp.tls import TlsConnector
from svcrt.concurrency import Backend, Connector, Poller

_CHUNK = 256 * 1024
_LONGEST_WAIT = 60.0
_MISSED_BEATS = 2
SUBSTITUTE_AFTER = 0.75
"""Heartbeats without a byte from the owner, which sends one after half of one, until another thread does it."""
HEARTBEAT_FRAME = b"\x08\x00\x00\x00\x00\x00\x00\xce"


class PolledSocket:
    """Bytes in and out, buffered both ways. Used by the owner of the connection only.

    Writing never waits: what the network does not take stays here (`unsent`) and leaves while others wait. So no
    publish can hang in a broker that has stopped reading, and nothing is read while something is written.
    Reading waits as `settimeout` says: with None as long as `within` allows, with 0 it only gives what `pump` has
    fetched.

    Args:
        server: where to connect to.
        backend: what to connect with.
        poller: the owner's; a wake-up of it ends a wait here.
        tick: called with the time (monotonic) at every wait; returns how long that wait may last, in seconds.
        beat: has a heartbeat written.
    """

    def __init__(
        self,
        server: Server,
        backend: Backend,
        poller: Poller,
        tick: Callable[[float], float],
        beat: Callable[[], None],
    ) -> None:
        self.heartbeat = 0.0
        """Negotiated seconds; 0.0 sends and expects none."""
        self._server = server
        self._backend = backend
        self._poller = poller
        self._tick = tick
        self._beat = beat
        self._connector: Connector | None = None
        self._timeout: float | None = None
        self._writing = backend.guard()
        self._end_substitute: Callable[[], None] | None = None
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._deadline = float("inf")
        self._received_at = self._sent_at = time.monotonic()

    # What the connection calls.

    @property
    def unsent(self) -> int:
        """Bytes that wait to be written."""
        return len(self._outgoing) + _encrypted(self._connector)

    @property
    def fetched(self) -> int:
        """Bytes that were received and not read."""
        return len(self._incoming)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound all waiting of the block: TimeoutError when it takes longer."""
        former, self._deadline = self._deadline, min(self._deadline, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._deadline = former

    def begin_heartbeat(self, seconds: float) -> None:
        """Send heartbeats from now on and expect them; 0.0 for none."""
        self.heartbeat = seconds
        if seconds:
            self._end_substitute = self._backend.beside(self._substitute)

    def open(self) -> None:
        """Connect, with TLS where the server has it; raises OSError."""
        connector = self._backend.connect(self._server.host, self._server.port, timeout=self._left())
        self._connector = connector
        if self._server.tls is not None:
            # py-amqp wraps the socket itself. eventlet's patch would make one of its own of that.
            tls = TlsConnector(connector, self._server.tls, self._server.server_name, self._backend.guard())
            self._connector = tls
            while not tls.shake_hands():
                self._check_deadline()
                self._poller.wait(tls.fileno(), write=tls.pending > 0, timeout=self._left())
        self._received_at = self._sent_at = time.monotonic()

    def pump(self, timeout: float) -> None:
        """Write what waits, wait up to `timeout` s for the broker or a wake-up, fetch what is there.

        Raises:
            OSError: the connection is gone, or the broker was silent for two heartbeats.
        """
        connector = self._connector
        if connector is None:
            raise ConnectionError("the connection is closed")
        now = time.monotonic()
        timeout = min(timeout, self._tick(now), _LONGEST_WAIT)
        if self.heartbeat:
            half = self.heartbeat / 2
            if now - self._sent_at >= half and not self.unsent:
                self._beat()
            timeout = min(timeout, half / 2)
        self._flush(connector)
        self._poller.wait(connector.fileno(), write=self.unsent > 0, timeout=timeout)
        # Fetch before judging: after a long pause of this process the broker's heartbeats wait in the socket.
        if not self._fetch(connector) and self.heartbeat:
            silence = time.monotonic() - self._received_at
            if silence > _MISSED_BEATS * self.heartbeat:
                raise ConnectionError(f"the broker has been silent for {silence:.1f} s")

    # What py-amqp calls, in the place of a socket's.

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes, waiting for the first as far as the timeout says; raises OSError."""
        while not self._incoming:
            if self._timeout == 0:
                # py-amqp keeps what it has read of the frame. For BlockingIOError it would ask again without an end.
                raise TimeoutError("no more has arrived")
            self._check_deadline()
            self.pump(self._left())
        data = bytes(self._incoming[:size])
        del self._incoming[:size]
        return data

    def sendall(self, data: bytes | memoryview) -> None:
        """Keep for the next `pump`. py-amqp hands over a view of a buffer that it uses again: this copies it."""
        if self._connector is None:
            raise ConnectionError("the connection is closed")
        with self._writing:
            self._outgoing += data

    def settimeout(self, timeout: float | None) -> None:
        """Set whether `recv` waits: None, or 0 for not at all."""
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """Return what `settimeout` was given."""
        return self._timeout

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Set an integer option."""
        if self._connector is not None:
            self._connector.setsockopt(level, option, value)

    def shutdown(self, _how: int) -> None:
        """Write what fits without waiting; raises OSError."""
        if self._connector is not None:
            self._flush(self._connector)

    def close(self) -> None:
        """Close, without waiting for anybody."""
        connector, self._connector = self._connector, None
        if self._end_substitute is not None:
            self._end_substitute()
        if connector is not None:
            with self._writing:
                connector.close()

    def _fetch(self, connector: Connector) -> bool:
        try:
            data = connector.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return False
        if not data:
            raise ConnectionError("the broker closed the connection")
        self._incoming += data
        self._received_at = time.monotonic()
        return True

    def _flush(self, connector: Connector) -> None:
        with self._writing:
            self._send(connector)

    def _substitute(self) -> float:
        """Write for an owner that is held up, as green threads are by a handler that computes; in a native thread.

        Returns:
            Seconds until the next look.
        """
        due = SUBSTITUTE_AFTER * self.heartbeat
        left = self._sent_at + due - time.monotonic()
        if left > 0:
            return max(left, due / 4)
        with self._writing:
            connector = self._connector
            if connector is not None:
                # Behind what the socket has not taken yet, which may end in the middle of a frame of py-amqp's.
                self._outgoing += b"" if self.unsent else HEARTBEAT_FRAME
                try:
                    self._send(connector)
                except OSError:
                    # The owner will read the same from the socket, and it alone tells of it.
                    self._outgoing.clear()
        return due / 4

    def _send(self, connector: Connector) -> None:
        try:
            while self.unsent:
                sent = connector.send(bytes(self._outgoing[:_CHUNK]))
                del self._outgoing[:sent]
                self._sent_at = time.monotonic()
        except (BlockingIOError, InterruptedError):
            return

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _check_deadline(self) -> None:
        if time.monotonic() >= self._deadline:
            raise TimeoutError("the broker did not answer in time")


class PolledTransport(TCPTransport):  # type: ignore[misc] # py-amqp has no types
    """py-amqp's TCP transport, framing and all, on a `PolledSocket`: only the waiting is ours."""

    def __init__(self, host: str, polled: PolledSocket) -> None:
        super().__init__(host)
        self._polled = polled

    def _connect(self, _host: str, _port: int, _timeout: float | None) -> None:
        # First, so that py-amqp closes it when the rest fails.
        self.sock = self._polled
        self._polled.open()

    def _set_socket_options(self, _settings: object) -> None:
        # py-amqp would also set TCP_USER_TIMEOUT to a second: then the kernel cuts the connection of a broker that has
        # stopped reading because of an alarm. Who is dead is for the heartbeats to say.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _encrypted(connector: Connector | None) -> int:
    return connector.pending if isinstance(connector, TlsConnector) else 0
