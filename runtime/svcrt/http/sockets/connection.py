"""One web socket: wsproto over a non-blocking connection, with bounded queues both ways, pings and a close handshake.

One task, the connection's own, reads and writes; every other task leaves what it wants under the lock and wakes that.
"""

import logging
import queue
import socket
import time
from collections import deque
from collections.abc import Callable
from io import StringIO
from itertools import islice

from wsproto.connection import SERVER, Connection, ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping, Pong, TextMessage
from wsproto.frame_protocol import FrameProtocol

from svcrt.concurrency import Backend, Connector
from svcrt.errors import SocketClosed
from svcrt.http.sockets.limits import SocketLimits
from svcrt.types import Channel, Flag

__all__ = ["REASON_BYTES", "SocketConnection", "short_reason", "text_frame"]

log = logging.getLogger("svcrt.http.sockets")

LOST = 1006
REASON_BYTES = 123
"""Greatest size of a reason in a close frame."""
_RECEIVE_BYTES = 64 * 1024
_WRITE_BYTES = 64 * 1024
_SLOW = "the messages are not read fast enough"


def text_frame(message: bytes) -> bytes:
    """Return a message as it travels to a peer, the same bytes for all of them. Raises UnicodeDecodeError."""
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(message.decode()))


def short_reason(text: str) -> str:
    """Cut a reason to what a close frame can carry: 123 bytes."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= REASON_BYTES else data[: REASON_BYTES - 3].decode("utf-8", "ignore") + "…"


class SocketConnection:
    """A web socket whose handshake is done.

    Args:
        backend: what to wait with.
        limits: what is too much, too slow or too late.
        greeting: the handshake's response; it leaves first.
        label: what the log calls it.
    """

    def __init__(self, backend: Backend, limits: SocketLimits, greeting: bytes, label: str) -> None:
        self._backend = backend
        self._limits = limits
        self._label = label
        self._lock = backend.lock()
        self._poller = backend.poller()
        self._protocol = Connection(SERVER)
        self._inbox: Channel[str | None] = backend.channel()
        self._held = self._held_bytes = 0
        self._message, self._message_bytes = StringIO(), 0
        self._outgoing: deque[bytes] = deque([greeting])
        self._sent_of_first = 0
        self._unsent = len(greeting)
        self._is_stuck = False
        self._room: Flag | None = None
        self._closed: tuple[int, str] | None = None
        self._close_by = self._cut_at = float("inf")
        self._is_over = False
        self._has_noticed = False
        self._ping_at = time.monotonic() + limits.ping_seconds
        self._pong_by: float | None = None

    # From any task.

    @property
    def closed(self) -> SocketClosed | None:
        """How it was closed; None while it is open."""
        closed = self._closed
        return None if closed is None else SocketClosed(*closed)

    @property
    def has_noticed(self) -> bool:
        """Whether somebody who received or sent was told that it is closed."""
        return self._has_noticed

    def receive(self, timeout: float | None) -> str:
        """Wait for a message. Raises TimeoutError; SocketClosed when it is closed and all messages are taken."""
        try:
            text = self._inbox.get(timeout)
        except queue.Empty:
            raise TimeoutError(f"no message came within {timeout:g} s") from None
        if text is None:
            self._inbox.put(None)
            raise self._told()
        with self._lock:
            was_full = self._is_full()
            self._held -= 1
            self._held_bytes -= len(text)
            resumes = was_full and not self._is_full()
        if resumes:
            self._poller.wake()
        return text

    def send(self, frame: bytes) -> None:
        """Put a frame into the send buffer, waiting for room there. Raises SocketClosed."""
        deadline = time.monotonic() + self._limits.send_seconds
        while True:
            with self._lock:
                if self._closed is not None:
                    raise self._told()
                if self._has_room(frame):
                    self._append(frame)
                    break
                room = self._room = self._room or self._backend.flag()
            if not room.wait(max(0.0, deadline - time.monotonic())):
                with self._lock:
                    if not self._has_room(frame):
                        self._cut_slow()
                self._poller.wake()
        self._poller.wake()

    def post(self, frame: bytes) -> None:
        """Put a frame into the send buffer; where it does not fit the peer is too slow and is cut. Never blocks."""
        with self._lock:
            if self._closed is None:
                self._append_or_cut(frame)
        self._poller.wake()

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close. What is in the send buffer leaves first. Harmless when it is closed."""
        with self._lock:
            if self._closed is None:
                self._begin_close(code, reason)
        self._poller.wake()

    def abandon(self) -> None:
        """Let go of it before it was ever run."""
        self._poller.close()

    # In the connection's task.

    def run(self, take_over: Callable[[], tuple[Connector, bytes]]) -> bool:
        """Serve until it is over; tell whether it ended in good order, so that the last frame deserves to be read.

        Args:
            take_over: gives the connection and what has come on it already.
        """
        try:
            connector, early = take_over()
            connector.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._take(early)
            while self._turn(connector):
                pass
        except OSError as error:
            log.debug("%s: %s", self._label, error)
        finally:
            with self._lock:
                in_order = self._is_over and self._closed is not None and self._closed[0] != LOST
                self._settle(LOST, "the connection is lost")
                self._outgoing.clear()
            self._poller.close()
        log.debug("%s: closed, %s", self._label, self._closed)
        return in_order

    def _turn(self, connector: Connector) -> bool:
        with self._lock:
            now = time.monotonic()
            is_full = self._is_full()
            self._keep_alive(now, is_full)
            self._flush(connector)
            if now >= self._close_by or (self._is_over and not self._outgoing):
                return False
            due = min(self._ping_at, self._close_by, self._pong_by or float("inf"))
            writes = bool(self._outgoing)
        descriptor = None if is_full and not writes else connector.fileno()
        self._poller.wait(descriptor, read=not is_full, write=writes, timeout=due - now)
        if is_full:
            return True
        try:
            data = connector.recv(_RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return True
        if not data:
            raise ConnectionError("the peer has ended the connection")
        with self._lock:
            self._take(data)
        return True

    # With the lock.

    def _keep_alive(self, now: float, is_full: bool) -> None:
        if self._closed is not None:
            self._ping_at, self._pong_by = float("inf"), None
            return
        if self._pong_by is not None and is_full:
            # The pong may stand behind what we do not read.
            self._pong_by = now + self._limits.pong_seconds
        if self._pong_by is not None and now >= self._pong_by:
            self._settle(LOST, f"no pong within {self._limits.pong_seconds:g} s")
            self._outgoing.clear()
            self._is_over = True
        elif now >= self._ping_at:
            self._ping_at = now + self._limits.ping_seconds
            if self._pong_by is None:
                self._pong_by = now + self._limits.pong_seconds
            self._append(self._protocol.send(Ping()))

    def _take(self, data: bytes) -> None:
        if self._is_over or not data:
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events():
            self._handle(event)

    def _handle(self, event: Event) -> None:
        match event:
            case CloseConnection():
                self._answer_close(event.code, event.reason or "")
            case Pong():
                self._pong_by = None
            case _ if self._closed is not None:
                # We close: what still comes is not for anybody.
                return
            case Ping():
                self._append_or_cut(self._protocol.send(event.response()))
            case TextMessage():
                self._collect(event)
            case BytesMessage():
                self._begin_close(1003, "only text messages are taken")

    def _collect(self, event: Message[str]) -> None:
        self._message_bytes += len(event.data.encode())
        if self._message_bytes > self._limits.message:
            self._begin_close(1009, f"a message has more than {self._limits.message} bytes")
            self._message = StringIO()
            return
        self._message.write(event.data)
        if event.message_finished:
            text = self._message.getvalue()
            self._message, self._message_bytes = StringIO(), 0
            self._held += 1
            self._held_bytes += len(text)
            self._inbox.put(text)

    def _answer_close(self, code: int, reason: str) -> None:
        if self._protocol.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            # Open still: it does not close but broke the protocol, and wsproto says with what code to answer.
            self._settle(code, reason)
            self._append(self._protocol.send(CloseConnection(code=code, reason=reason)))
            self._start_closing()
        self._is_over = True

    def _begin_close(self, code: int, reason: str) -> None:
        self._settle(code, reason)
        self._append(self._protocol.send(CloseConnection(code=code, reason=reason)))
        self._start_closing()

    def _start_closing(self) -> None:
        now = time.monotonic()
        self._close_by, self._cut_at = now + self._limits.close_seconds, now + self._limits.send_seconds

    def _settle(self, code: int, reason: str) -> None:
        if self._closed is None:
            self._closed = (int(code), reason)
            self._inbox.put(None)
            self._release_room()

    def _told(self) -> SocketClosed:
        self._has_noticed = True
        return self.closed or SocketClosed(LOST)

    def _is_full(self) -> bool:
        return self._closed is None and (self._held >= self._limits.waiting or self._held_bytes >= self._limits.message)

    def _has_room(self, frame: bytes) -> bool:
        return not self._unsent or self._unsent + len(frame) <= self._limits.buffer

    def _append(self, frame: bytes) -> None:
        self._outgoing.append(frame)
        self._unsent += len(frame)

    def _append_or_cut(self, frame: bytes) -> None:
        if self._has_room(frame):
            self._append(frame)
        else:
            self._cut_slow()

    def _cut_slow(self) -> None:
        if self._closed is not None:
            return
        log.warning("%s: closed, since its peer does not read %d bytes that wait for it", self._label, self._unsent)
        # The first one may have left in part, or be the handshake.
        while len(self._outgoing) > 1:
            self._unsent -= len(self._outgoing.pop())
        self._begin_close(1013, _SLOW)

    def _release_room(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.set()

    def _flush(self, connector: Connector) -> None:
        try:
            while self._outgoing:
                self._drop_sent(connector.send(self._next_write()))
                self._note_progress()
            self._is_stuck = False
        except (BlockingIOError, InterruptedError):
            self._is_stuck = True
        if self._unsent <= self._limits.buffer // 2:
            self._release_room()

    def _note_progress(self) -> None:
        now = time.monotonic()
        # That the system takes more proves nothing, unless it was full: then the peer has read.
        if self._is_stuck and self._pong_by is not None:
            self._pong_by = now + self._limits.pong_seconds
        if self._closed is not None:
            self._close_by = min(now + self._limits.close_seconds, self._cut_at)

    def _next_write(self) -> bytes | memoryview:
        first = memoryview(self._outgoing[0])[self._sent_of_first :]
        if len(self._outgoing) == 1 or len(first) >= _WRITE_BYTES:
            return first
        parts, size = [first], len(first)
        for frame in islice(self._outgoing, 1, None):
            if size + len(frame) > _WRITE_BYTES:
                break
            parts.append(memoryview(frame))
            size += len(frame)
        return b"".join(parts)

    def _drop_sent(self, sent: int) -> None:
        self._unsent -= sent
        sent += self._sent_of_first
        while self._outgoing and sent >= len(self._outgoing[0]):
            sent -= len(self._outgoing.popleft())
        self._sent_of_first = sent
