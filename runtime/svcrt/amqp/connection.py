"""py-amqp's connection and channel on our stream: the hot frames are taken out, a dead channel stays dead."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import amqp
import amqp.method_framing
from amqp import spec
from amqp.exceptions import ChannelError, RecoverableConnectionError, UnexpectedFrame, error_for_code

from svcrt.amqp import frames
from svcrt.amqp.servers import Server
from svcrt.amqp.stream import Stream
from svcrt.concurrency import Backend, Poller
from svcrt.types import Message

_HOT_CONTENT = (frames.DELIVER, frames.RETURN)
_FRAME_MAX = 131_072
_CACHED_METHODS = 1000


class Channel(amqp.Channel):  # type: ignore[misc] # py-amqp has no types
    """A channel that dies for good when the broker closes it: py-amqp would reopen it without its consumers.

    The callbacks are set by whoever opens it and run while frames are read: they must neither block nor raise.
    """

    def __init__(self, connection: "Connection", channel_id: int | None = None, **options: Any) -> None:
        super().__init__(connection, channel_id, **options)
        self._methods: dict[tuple[str, str, bool], bytes] = {}
        self.failure: Exception | None = None
        self.number: int = self.channel_id
        self.on_failed: Callable[[Exception], None] | None = None
        self.on_cancelled: Callable[[], None] | None = None
        self.on_confirm: Callable[[int, bool, bool], None] | None = None
        """Called with the delivery tag, `multiple` and whether it was taken."""
        self.on_return: Callable[[Message, str, str], None] | None = None
        """Called with the message, the broker's reason and the routing key."""
        self.on_deliver: Callable[[Message, int, bool, str, str], None] | None = None
        """Called with the message, its tag, `redelivered`, exchange and routing key."""

    def publish(self, exchange: str, routing_key: str, *, mandatory: bool, properties: bytes, body: bytes) -> None:
        """Write one message; `properties` are AMQP's flags and values (`frames.encode_properties`)."""
        key = (exchange, routing_key, mandatory)
        method = self._methods.get(key)
        if method is None:
            if len(self._methods) >= _CACHED_METHODS:
                self._methods.clear()
            method = frames.encode_publish_method(exchange, routing_key, mandatory=mandatory)
            self._methods[key] = method
        pieces = frames.encode_publish(self.number, method, properties, body, self.connection.frame_max)
        self.connection.stream.put(b"".join(pieces))

    def ack(self, tag: int) -> None:
        """Say that a delivery is done."""
        self.connection.stream.put(frames.encode_ack(self.number, tag))

    def reject(self, tag: int, *, requeue: bool) -> None:
        """Give a delivery back, or drop it."""
        self.connection.stream.put(frames.encode_reject(self.number, tag, requeue=requeue))

    def open_soon(self) -> None:
        """Open without waiting: the broker works in order, so all may be sent that needs an open channel."""
        self.send_method(spec.Channel.Open, "s", ("",))

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of py-amqp that waits for the broker's answer; ChannelError if it closes the channel."""
        try:
            return getattr(self, method)(*arguments, **options)
        except RecoverableConnectionError:
            # py-amqp only sees that the channel is gone.
            if self.failure is not None:
                raise self.failure from None
            raise

    def _on_close(self, code: int, text: str, class_id: int, method_id: int) -> None:
        self.send_method(spec.Channel.CloseOk)
        self.failure = error_for_code(code, text, (class_id, method_id), ChannelError)
        self.collect()
        if self.on_failed is not None:
            self.on_failed(self.failure)

    def _on_basic_cancel(self, consumer_tag: str) -> None:
        self._remove_tag(consumer_tag)
        if self.on_cancelled is not None:
            self.on_cancelled()


_OurChannel: TypeAlias = Channel


class Connection(amqp.Connection):  # type: ignore[misc] # py-amqp has no types
    """A connection of one owner. Nothing but `establish`, `close`, `pump` and `Channel.ask` waits.

    Args:
        server: where to connect to.
        backend: what to wait with.
        poller: the owner's.
        tick: called at every wait; see `svcrt.amqp.stream.Stream`.
        name: what the broker's management pages call it.
        heartbeat: seconds that we want; the broker may want less.
    """

    Channel = Channel

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
        self.stream = Stream(server, backend, poller, tick)
        self._contents: dict[int, frames.Content] = {}
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
            frame_handler=_frame_handler,
        )

    def Transport(self, *_arguments: Any, **_options: Any) -> Stream:  # noqa: N802 # py-amqp's name
        """Return the stream in the place of py-amqp's transport."""
        return self.stream

    # What the owner calls.

    @property
    def unsent(self) -> int:
        """Bytes that wait to be written."""
        return self.stream.unsent

    def establish(self, seconds: float) -> None:
        """Connect and shake hands within `seconds`; raises OSError and AMQPError."""
        with self.within(seconds):
            self.connect()
        self.stream.heartbeat = float(self.heartbeat or 0)

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
        while (frame := self.stream.next_frame()) is not None:
            self.on_inbound_frame(frame)
            if not self.stream.connected:
                raise ConnectionError("the connection was closed")

    def holds_frame(self) -> bool:
        """Whether `dispatch` has something to do."""
        return self.stream.holds_frame()

    def pump(self, timeout: float) -> None:
        """Write what waits, wait up to `timeout` s for the broker or a wake-up, read what is there; raises OSError."""
        self.stream.pump(timeout)

    def abandon(self) -> None:
        """Let go without waiting: a good-bye waits for a broker that may be frozen."""
        self.collect()
        self.stream.close()

    # What py-amqp calls.

    def drain_events(self, timeout: float | None = None) -> None:
        """Read and handle one frame, waiting for it within what the stream allows."""
        frame = self.stream.read_frame()
        if self._transport is not None:
            self.on_inbound_frame(frame)


def _frame_handler(connection: Connection, callback: Any) -> Callable[[tuple[int, int, bytes]], bool]:
    """Return what every frame goes through: hot ones to their channel, the rest to py-amqp."""
    cold = amqp.method_framing.frame_handler(connection, callback)
    contents = connection._contents

    def on_frame(frame: tuple[int, int, bytes]) -> bool:
        kind, number, payload = frame
        if kind == frames.METHOD:
            method = payload[:4]
            if method in _HOT_CONTENT:
                contents[number] = frames.Content(payload)
            elif method == frames.ACK or method == frames.NACK:
                channel = connection.channels.get(number)
                if channel is not None and channel.on_confirm is not None:
                    channel.on_confirm(*frames.decode_confirm(payload), method == frames.ACK)
            else:
                return bool(cold(frame))
        elif kind == frames.HEADER or kind == frames.BODY:
            content = contents.get(number)
            if content is None:
                raise UnexpectedFrame("content without a method")
            complete = content.feed_header(payload) if kind == frames.HEADER else content.feed_body(payload)
            if complete:
                del contents[number]
                _hand_over(connection, number, content)
        return True

    return on_frame


def _hand_over(connection: Connection, number: int, content: frames.Content) -> None:
    channel = connection.channels.get(number)
    if channel is None:
        return
    if content.method[:4] == frames.DELIVER:
        if channel.on_deliver is not None:
            channel.on_deliver(content.message(), *frames.decode_deliver(content.method))
    elif channel.on_return is not None:
        text, routing_key = frames.decode_return(content.method)
        channel.on_return(content.message(), text, routing_key)
