"""Stock py-amqp behind the face of `svcrt.amqp.connection`: the way out for whoever meets a fault in our own frames.

Framing, methods, tables, properties and confirms are py-amqp's; the socket (`svcrt.amqp.stock_socket`) adds waiting.
What is known to go wrong with py-amqp is kept out by construction:

- Only the owner's task touches a connection, to read and to write, so no two tasks share a half-read frame.
- Writing never waits, and publishing never reads: `drain_events(0)`, by which py-amqp polls the socket at each
  publish, answers that nothing is there. So a publish, wherever it is called from, runs no callback.
- Frames are handled in `dispatch`, or one at a time while an answer is waited for.
- A closed connection stays closed; py-amqp would open it anew where it is next used.
- A channel that the broker closes is not opened again without its consumers.
- Heartbeats hang on the clock of the owner, not on traffic.
- What a sender has written into a message can be undecodable, and harms that message only.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NoReturn

import amqp
import amqp.method_framing
from amqp import spec
from amqp.exceptions import RecoverableConnectionError
from amqp.serialization import decode_properties_basic

from svcrt.amqp.channels import MortalChannel
from svcrt.amqp.servers import Server
from svcrt.amqp.stock_messages import NO_PROPERTIES, body_of, clean, with_ascii_names
from svcrt.amqp.stock_socket import PolledSocket, PolledTransport
from svcrt.concurrency import Backend, Poller

_FRAME_MAX = 131_072
_LONGEST_WAIT = 60.0
_UNSENT_BYTES = 1024 * 1024
_HEADER_FRAME = 2
_HEADER_FIXED = 12


class StockChannel(MortalChannel):
    """See `svcrt.amqp.connection.Channel`."""

    def __init__(self, connection: "StockConnection", channel_id: int | None = None, **options: Any) -> None:
        # With `auto_decode` py-amqp would turn bodies into text where the sender names an encoding.
        super().__init__(connection, channel_id, **{**options, "auto_decode": False})
        # py-amqp forgets the connection when that is lost.
        self._raw_properties = connection.raw_properties
        self.events["basic_ack"].add(lambda tag, multiple: self._confirmed(tag, multiple, True))
        self.events["basic_nack"].add(lambda tag, multiple: self._confirmed(tag, multiple, False))
        self.events["basic_return"].add(self._returned)

    def publish(self, exchange: str, routing_key: str, *, mandatory: bool, properties: bytes, body: bytes) -> None:
        """Write one message; `properties` are AMQP's flags and values, which py-amqp reads and writes anew."""
        values, _ = decode_properties_basic(properties, 0)
        self.basic_publish(amqp.Message(body, **values), exchange, routing_key, mandatory=mandatory)

    def ack(self, tag: int, *, multiple: bool = False) -> None:
        """Say that a delivery is done; with `multiple` all that came before it, too."""
        self.basic_ack(tag, multiple)

    def reject(self, tag: int, *, requeue: bool) -> None:
        """Give a delivery back, or drop it."""
        self.basic_reject(tag, requeue)

    def dispatch_method(self, method_sig: tuple[int, int], payload: bytes, content: Any) -> None:
        """Have a method of the broker's handled."""
        try:
            super().dispatch_method(method_sig, payload, content)
        except UnicodeDecodeError:
            # Raised before any callback. The routing key is what the sender likes; delivered it can be put aside.
            if method_sig != spec.Basic.Deliver:
                raise
            super().dispatch_method(method_sig, with_ascii_names(payload), content)

    # What py-amqp calls.

    def _on_basic_deliver(
        self, _consumer: str, tag: int, redelivered: bool, exchange: str, routing_key: str, content: Any
    ) -> None:
        if self.on_deliver is not None:
            self.on_deliver(*self._packed(content), tag, redelivered, clean(exchange), clean(routing_key))

    def _returned(self, reason: Any, _exchange: str, routing_key: str, content: Any) -> None:
        if self.on_return is not None:
            self.on_return(*self._packed(content), reason.reply_text, routing_key)

    def _packed(self, content: Any) -> tuple[bytes, bytes]:
        # As the sender made them: py-amqp's reading of odd ones differs from ours, and the fault of both would differ.
        return self._raw_properties.pop(self.number, NO_PROPERTIES), body_of(content)

    def _confirmed(self, tag: int, multiple: bool, taken: bool) -> None:
        if self.on_confirm is not None:
            self.on_confirm(tag, multiple, taken)


class StockConnection(amqp.Connection):  # type: ignore[misc] # py-amqp has no types
    """See `svcrt.amqp.connection.Connection`, whose arguments these are."""

    Channel = StockChannel
    is_shared = False

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
        self._polled = PolledSocket(server, backend, poller, tick, self.send_heartbeat)
        self._poller = poller
        self.turning: Any = backend.guard()
        self.raw_properties: dict[int, bytes] = {}
        """By channel, the properties of the present message as they came."""
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
            frame_handler=_guarded_handler,
        )

    # What the owner calls.

    @property
    def holds_unsent(self) -> bool:
        """Whether anything waits to be written."""
        return self._polled.unsent > 0

    @property
    def is_congested(self) -> bool:
        """Whether so much waits to be written that more should wait elsewhere."""
        return self._polled.unsent > _UNSENT_BYTES

    def establish(self, seconds: float) -> None:
        """Connect and shake hands within `seconds`; raises OSError and AMQPError."""
        with self.within(seconds):
            self.connect()
        self._polled.begin_heartbeat(float(self.heartbeat or 0))

    def within(self, seconds: float) -> AbstractContextManager[None]:
        """Bound all waiting of the block: TimeoutError when it takes longer."""
        return self._polled.within(seconds)

    def new_channel(self) -> StockChannel:
        """Return a channel that is opened without waiting."""
        channel = StockChannel(self)
        channel.open_soon()
        return channel

    def dispatch(self) -> None:
        """Handle the frames that are here; raises OSError and AMQPError when the connection is over."""
        while True:
            try:
                with self.transport.having_timeout(0):
                    frame = self.transport.read_frame()
            except TimeoutError:
                # No whole frame: py-amqp keeps its beginning for the next time.
                return
            self.on_inbound_frame(frame)
            if not self.connected:
                raise ConnectionError("the connection was closed")

    def holds_frame(self) -> bool:
        """Whether `dispatch` may have something to do: the beginning of a frame is taken out by it."""
        return self._polled.fetched > 0

    def serve(self, on_turn: Callable[[], None]) -> None:
        """Write what waits, wait for the broker, a wake-up or the clock, fetch what is there; raises OSError."""
        on_turn()
        self._polled.pump(_LONGEST_WAIT)

    def turn_soon(self) -> None:
        """Have the owner look soon; nobody else may touch py-amqp."""
        self._poller.wake()

    def abandon(self) -> None:
        """Let go without waiting: a good-bye waits for a broker that may be frozen."""
        self.collect()
        self._polled.close()

    # What py-amqp calls.

    def Transport(self, host: str, *_arguments: Any, **_options: Any) -> PolledTransport:  # noqa: N802 # py-amqp's name
        """Return the transport to talk through."""
        return PolledTransport(host, self._polled)

    def drain_events(self, timeout: float | None = None) -> None:
        """Read and handle one frame, waiting for it within what `within` allows; with timeout 0 nothing at all."""
        if timeout == 0:
            raise TimeoutError("a publish reads nothing")
        frame = self.transport.read_frame()
        # A wait for an answer may let another task stop us.
        if self._transport is not None:
            self.on_inbound_frame(frame)

    def on_inbound_method(self, channel_id: int, method_sig: tuple[int, int], payload: bytes, content: Any) -> None:
        """Give a method to its channel; one for a channel that has been given up says nothing to anybody."""
        if channel_id in self.channels:
            super().on_inbound_method(channel_id, method_sig, payload, content)

    def _warn_force_connect(self, _attribute: str) -> NoReturn:
        raise RecoverableConnectionError("the connection is closed")


def _guarded_handler(connection: StockConnection, callback: Any) -> Callable[[tuple[int, int, bytes]], bool]:
    """Return py-amqp's handler of frames, kept from properties that it cannot read: those would end the connection."""
    handed_over = False

    def hand_over(*arguments: Any) -> None:
        nonlocal handed_over
        handed_over = True
        callback(*arguments)

    on_frame = amqp.method_framing.frame_handler(connection, hand_over)

    def guarded(frame: tuple[int, int, bytes]) -> bool:
        nonlocal handed_over
        kind, number, payload = frame
        handed_over = False
        if kind == _HEADER_FRAME:
            connection.raw_properties[number] = payload[_HEADER_FIXED:]
        try:
            return bool(on_frame(frame))
        except Exception:
            # Wrong text, an unknown kind of value, a table without an end or bottom: py-amqp meets them in many ways.
            if kind != _HEADER_FRAME or handed_over:
                raise
            # The message comes back with each new connection: it must arrive, to be answered or put aside.
            return bool(on_frame((kind, number, payload[:_HEADER_FIXED] + NO_PROPERTIES)))

    return guarded
