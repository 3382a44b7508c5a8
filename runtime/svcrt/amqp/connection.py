"""py-amqp's connection and channel on our stream: the hot frames are taken out, a dead channel stays dead."""

from collections.abc import Callable
from typing import Any

import amqp
import amqp.method_framing
from amqp import spec
from amqp.exceptions import ChannelError, RecoverableConnectionError, UnexpectedFrame, error_for_code

from svcrt.amqp import frames
from svcrt.amqp.servers import Server
from svcrt.amqp.stream import Stream
from svcrt.types import Message

_HOT_CONTENT = (frames.DELIVER, frames.RETURN)
_FRAME_MAX = 131_072


class Channel(amqp.Channel):  # type: ignore[misc] # py-amqp has no types
    """A channel that dies for good when the broker closes it: py-amqp would reopen it without its consumers.

    The callbacks are set by whoever opens it and run while frames are read: they must neither block nor raise.
    """

    def __init__(self, connection: "Connection", channel_id: int | None = None, **options: Any) -> None:
        super().__init__(connection, channel_id, **options)
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


class Connection(amqp.Connection):  # type: ignore[misc] # py-amqp has no types
    """A connection of one owner. Nothing but `connect`, `close` and `Channel.ask` waits."""

    Channel = Channel

    def __init__(self, stream: Stream, server: Server, *, name: str, heartbeat: int) -> None:
        self.stream = stream
        self._contents: dict[int, frames.Content] = {}
        super().__init__(
            host=f"{server.host}:{server.port}",
            userid=server.user,
            password=server.password,
            virtual_host=server.vhost,
            # Left to itself py-amqp tries GSSAPI and EXTERNAL first.
            login_method="PLAIN",
            heartbeat=heartbeat,
            frame_max=_FRAME_MAX,
            client_properties={"connection_name": name, "product": "svcgen"},
            frame_handler=_frame_handler,
        )

    def Transport(self, *_arguments: Any, **_options: Any) -> Stream:  # noqa: N802 # py-amqp's name
        """Return the stream in the place of py-amqp's transport."""
        return self.stream

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
