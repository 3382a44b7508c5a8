"""py-amqp's connection and channel on our stream: hot frames go past it to their channel, a dead channel stays dead."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import amqp

from svcrt.amqp import frames
from svcrt.amqp.channels import MortalChannel
from svcrt.amqp.servers import Server
from svcrt.amqp.stream import Stream
from svcrt.concurrency import Backend, Poller

_FRAME_MAX = 131_072
_CACHED_METHODS = 1000
UNSENT_BYTES = 1024 * 1024


class Channel(MortalChannel):
    """A channel that writes the frames of the hot path itself."""

    def __init__(self, connection: "Connection", channel_id: int | None = None, **options: Any) -> None:
        super().__init__(connection, channel_id, **options)
        self._methods: dict[tuple[str, str, bool], bytes] = {}
        # py-amqp forgets the connection when that is lost, while others may be about to write.
        self._stream = connection.stream
        self._own = connection

    def publish(self, exchange: str, routing_key: str, *, mandatory: bool, properties: bytes, body: bytes) -> None:
        """Write one message; `properties` are AMQP's flags and values (`svcrt.amqp.properties`)."""
        key = (exchange, routing_key, mandatory)
        method = self._methods.get(key)
        if method is None:
            if len(self._methods) >= _CACHED_METHODS:
                self._methods.clear()
            method = frames.encode_publish_method(self.number, exchange, routing_key, mandatory=mandatory)
            self._methods[key] = method
        self._stream.put(frames.encode_content(self.number, method, properties, body, self._own.frame_max))

    def ack(self, tag: int, *, multiple: bool = False) -> None:
        """Say that a delivery is done; with `multiple` all that came before it, too."""
        self._stream.put(frames.encode_ack(self.number, tag, multiple=multiple))

    def reject(self, tag: int, *, requeue: bool) -> None:
        """Give a delivery back, or drop it."""
        self._stream.put(frames.encode_reject(self.number, tag, requeue=requeue))


_OurChannel: TypeAlias = Channel


class Connection(amqp.Connection):  # type: ignore[misc] # py-amqp has no types
    """A connection of one owner. Nothing but `establish`, `close`, `serve` and `Channel.ask` waits.

    Args:
        server: where to connect to.
        backend: what to wait with.
        poller: the owner's.
        tick: called at every wait; see `svcrt.amqp.stream.Stream`.
        name: what the broker's management pages call it.
        heartbeat: seconds that we want; the broker may want less.
    """

    Channel = Channel
    is_shared = True
    """Whether every task may publish and settle; else the owner alone may."""
    # py-amqp counts the connection as channel 0. No content comes there.
    on_confirm = on_return = on_deliver = None

    def __init__(
        self,
        server: Server,
        backend: Backend,
        poller: Poller,
        tick: Callable[[float], float],
        *,
        name: str,
        heartbeat: int,
    ) -> None:
        self._reader: frames.FrameReader
        self.stream = Stream(server, backend, poller, tick, lambda data: self._reader.feed(data))
        self._poller = poller
        self._on_turn: Callable[[], None] = lambda: None
        self._is_turn_due = False
        self.turning: Any = backend.guard()
        """Held while somebody takes a turn: the owner, or whoever `turn_soon` has called."""
        self._failure: Exception | None = None
        super().__init__(
            host=f"{server.host}:{server.port}",
            userid=server.user,
            password=server.password,
            virtual_host=server.vhost,
            # Left to itself py-amqp tries GSSAPI and EXTERNAL first.
            login_method=server.mechanism,
            heartbeat=heartbeat,
            frame_max=_FRAME_MAX,
            client_properties={"connection_name": name, "product": "svcgen"},
        )
        self._reader = frames.FrameReader(self.channels)

    # What the owner calls.

    @property
    def holds_unsent(self) -> bool:
        """Whether anything waits to be written."""
        return self.stream.holds_unsent

    @property
    def is_congested(self) -> bool:
        """Whether so much waits to be written that more should wait elsewhere."""
        return self.stream.unsent > UNSENT_BYTES

    def establish(self, seconds: float) -> None:
        """Connect and shake hands within `seconds`; raises OSError and AMQPError."""
        with self.within(seconds):
            self.connect()
        self.stream.begin_heartbeat(float(self.heartbeat or 0))

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Bound all waiting of the block: TimeoutError when it takes longer."""
        return self.stream.within(seconds)

    def new_channel(self) -> _OurChannel:
        """Return a channel that is opened without waiting."""
        channel = Channel(self)
        channel.open_soon()
        return channel

    def dispatch(self) -> None:
        """Handle the frames that are here; raises OSError and AMQPError when the connection is over."""
        while self._reader.run() and (frame := self._reader.next_frame()) is not None:
            self.on_inbound_frame(frame)
            if not self.stream.connected:
                raise ConnectionError("the connection was closed")

    def holds_frame(self) -> bool:
        """Whether `dispatch` has something to do."""
        return self._reader.holds_frame()

    def serve(self, on_turn: Callable[[], None]) -> None:
        """Write what waits, then hand over hot frames as they come, until there is something else to do.

        That is another frame, a wake-up or the clock.

        Args:
            on_turn: called after the frames of every read and when `turn_soon` was called, before all is written. It
                must neither wait nor raise.
        """
        self._on_turn = on_turn
        self._turn()
        self.stream.serve(self._on_read)
        if self._failure is not None:
            raise self._failure

    def turn_soon(self) -> None:
        """Have `on_turn` called and everything written soon; from any task. Cheap when it is due already."""
        if not self._is_turn_due:
            self._is_turn_due = True
            self._poller.defer(self._turn, self.stream.is_quiet)

    def abandon(self) -> None:
        """Let go without waiting: a good-bye waits for a broker that may be frozen."""
        self._on_turn = lambda: None
        self.collect()
        self.stream.close()

    # Where frames are read.

    def _on_read(self) -> bool:
        try:
            is_cold = self._reader.run()
        except Exception as error:
            # Raised again where the owner waits: this may be the turn of the hub.
            self._failure = error
            return True
        self._turn()
        return is_cold

    def _turn(self) -> None:
        self._is_turn_due = True
        # Who holds the guard looks again when it lets go.
        while self._is_turn_due and self.turning.acquire(False):
            try:
                self._is_turn_due = False
                self._on_turn()
            except Exception as error:
                self._failure = error
                self._poller.wake()
            finally:
                self.turning.release()
        self.stream.flush()

    # What py-amqp calls.

    def Transport(self, *_arguments: Any, **_options: Any) -> Stream:  # noqa: N802 # py-amqp's name
        """Return the stream in the place of py-amqp's transport."""
        return self.stream

    def drain_events(self, timeout: float | None = None) -> None:
        """Handle what comes up to and with the next frame for py-amqp, waiting for it within what the stream allows."""
        while not self._reader.run():
            self.stream.check_deadline()
            self.stream.pump()
        frame = self._reader.next_frame()
        if self._transport is not None and frame is not None:
            self.on_inbound_frame(frame)
