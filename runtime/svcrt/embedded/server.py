"""The embedded broker's sockets: asyncio around the logic that does no I/O."""

import asyncio
import logging
from collections import deque
from functools import partial

from .broker import Broker
from .connection import Connection
from .faults import Losses, Outlet

__all__ = ["Server"]

logger = logging.getLogger(__name__)

_WRITE_BUFFER = 1 << 20
_CLOSE_SECONDS = 0.5


class Server:
    """Listens on one address and drives a broker's timers; to be used within the running loop.

    Args:
        broker: Its clock must be the loop's.
        losses: What shall not reach clients; None for a broker that never fails on purpose.
    """

    def __init__(self, broker: Broker, *, losses: Losses | None = None) -> None:
        self._broker = broker
        self._losses = losses
        self._is_refusing = False
        self.held_seconds = 0.0
        self._loop = asyncio.get_running_loop()
        self._server: asyncio.Server | None = None
        self._open: set[_Protocol] = set()
        self._dirty: dict[_Protocol, None] = {}
        self._flush_scheduled = False
        self._alarm_clock: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port.

        Raises:
            OSError: The address is in use, or not this machine's.
        """
        self._server = await self._loop.create_server(partial(_Protocol, self), host, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Tell every client, and close."""
        if self._server is not None:
            self._server.close()
        for protocol in list(self._open):
            protocol.connection.shut_down("shutdown")
        self.flush()
        deadline = self._loop.time() + _CLOSE_SECONDS
        while self._open and self._loop.time() < deadline:
            await asyncio.sleep(0.01)
        self.drop_connections()
        if self._alarm_clock is not None:
            self._alarm_clock.cancel()

    def drop_connections(self) -> None:
        """Cut every connection without a word, as a broken network does."""
        for protocol in list(self._open):
            protocol.abort()

    def close_connections(self, reason: str) -> None:
        """Close every connection as an operator does: clients get CONNECTION_FORCED."""
        for protocol in list(self._open):
            protocol.connection.shut_down(reason)

    def mute_connections(self) -> None:
        """Neither read from nor write to the present connections ever again, and do not end them."""
        for protocol in list(self._open):
            protocol.mute()

    def refuse(self, is_refusing: bool) -> None:
        """Cut new connections at once, or serve them again."""
        self._is_refusing = is_refusing

    def delay(self, seconds: float) -> None:
        """Send everything so much later from now on."""
        self.held_seconds = seconds

    def opened(self, protocol: "_Protocol") -> Connection:
        """Return the state machine of a new connection."""
        self._open.add(protocol)
        connection = Connection(self._broker, protocol.name, partial(self.mark, protocol))
        if self._losses is not None:
            connection.peer.outlet = Outlet(self._losses)
        if self._is_refusing:
            self._loop.call_soon(protocol.abort)
        self.watch_timers()
        return connection

    def gone(self, protocol: "_Protocol") -> None:
        """Forget a connection."""
        self._open.discard(protocol)
        self._dirty.pop(protocol, None)

    def mark(self, protocol: "_Protocol") -> None:
        """Note that a connection has something to send; all are served together at the end of the loop's turn."""
        self._dirty[protocol] = None
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what is to be sent."""
        self._flush_scheduled = False
        dirty, self._dirty = self._dirty, {}
        for protocol in dirty:
            protocol.flush()
        self.watch_timers()

    def watch_timers(self) -> None:
        """Arrange to be called when the broker's next timer is due."""
        due = self._broker.timers.next_due
        clock = self._alarm_clock
        if clock is not None and not clock.cancelled():
            if due is not None and clock.when() <= due:
                return
            clock.cancel()
        self._alarm_clock = None if due is None else self._loop.call_at(due, self._timers_due)

    def _timers_due(self) -> None:
        self._alarm_clock = None
        try:
            self._broker.settle_timers()
        finally:
            self.watch_timers()


class _Protocol(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self.name = "?"
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._behind = False
        self._is_muted = False
        self._held: deque[bytes | None] = deque()
        self._held_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=_WRITE_BUFFER)
        host, port, *_ = transport.get_extra_info("peername") or ("?", 0)
        self.name = f"{host}:{port}"
        self._transport = transport
        self.connection = self._server.opened(self)

    def data_received(self, data: bytes) -> None:
        self.connection.receive(data)
        self._server.watch_timers()

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection.lost()
        self._server.gone(self)
        self._transport = None

    def pause_writing(self) -> None:
        # Who does not read what it is sent is not read from: every request adds to what waits for it.
        self._behind = True
        self.connection.peer.congested = True
        self._set_reading()

    def resume_writing(self) -> None:
        self._behind = False
        self.connection.drained()
        self._set_reading()

    def flush(self) -> None:
        """Write the connection's output, and close the transport if that was the last."""
        transport = self._transport
        if transport is None:
            return
        data = self.connection.data_to_send()
        if self._is_muted:
            return
        if data:
            self._write(data)
        if self.connection.closed:
            self._write(None)
            return
        if self.connection.peer.congested and not self._behind:
            self.connection.drained()
        self._set_reading()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def mute(self) -> None:
        """Let the connection hang."""
        self._is_muted = True
        self._set_reading()

    def _write(self, data: bytes | None) -> None:
        """Write now or, under a delay, later; None closes."""
        seconds = self._server.held_seconds
        if not seconds and not self._held:
            self._write_now(data)
            return
        loop = asyncio.get_running_loop()
        # What was held longer goes first: bytes must not overtake each other.
        self._held_until = max(self._held_until, loop.time() + seconds)
        self._held.append(data)
        loop.call_at(self._held_until, self._release)

    def _release(self) -> None:
        self._write_now(self._held.popleft())

    def _write_now(self, data: bytes | None) -> None:
        if self._transport is None or self._is_muted:
            return
        if data is None:
            self._transport.close()
        else:
            self._transport.write(data)

    def _set_reading(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self.connection.paused or self._behind or self._is_muted:
            transport.pause_reading()
        else:
            transport.resume_reading()
