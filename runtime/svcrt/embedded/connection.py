"""One client connection without I/O: bytes in, bytes out, and what becomes of a peer that breaks the rules."""

import logging
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from pamqp import base, commands

from . import basic_methods, entity_methods
from .broker import Broker
from .channel import Channel
from .errors import ProtocolError, ReplyCode, short_text
from .frames import HEADER, HEARTBEAT, HEARTBEAT_FRAME, METHOD, PROTOCOL_HEADER, Frame, FrameSplitter, method_frame
from .handshake import Handshake, LoginRefused
from .methods import PUBLISH_INDEX, decode_method, encode_method, method_ids
from .peer import Peer
from .publishing import IncomingContent

__all__ = ["Connection"]

logger = logging.getLogger(__name__)

_HANDSHAKE_SECONDS = 10.0
_CLOSE_SECONDS = 10.0
_HANDLERS: dict[type[base.Frame], Callable[[Channel, Any], None]] = {
    **entity_methods.HANDLERS,
    **basic_methods.HANDLERS,
}


class _State(Enum):
    GREETING = auto()
    HANDSHAKE = auto()
    RUNNING = auto()
    CLOSING = auto()
    CLOSED = auto()


class Connection:
    """State machine of one connection; `receive` never raises for what a peer sends.

    Args:
        broker: What is shared.
        name: The peer's address, for logs.
        wake: Called when there may be output, or when `closed` or `paused` changed.
    """

    def __init__(self, broker: Broker, name: str, wake: Callable[[], None]) -> None:
        self.peer = Peer(name, wake)
        self.paused = False
        self._broker = broker
        self._wake = wake
        self._state = _State.GREETING
        self._splitter = FrameSplitter()
        self._handshake = Handshake(broker, self.peer, self._send)
        self._channels: dict[int, Channel] = {}
        self._content: dict[int, IncomingContent] = {}
        self._unconfirmed: set[Channel] = set()
        self._heard_at = broker.timers.clock()
        self._said_something = False
        self._timer = broker.timers.call_after(_HANDSHAKE_SECONDS, self._handshake_overdue)
        broker.on_alarm.append(self._alarm_changed)

    @property
    def closed(self) -> bool:
        """Whether the transport is to be closed once the output is sent."""
        return self._state is _State.CLOSED

    def receive(self, data: bytes) -> None:
        """Take bytes as they came from the client."""
        self._heard_at = self._broker.timers.clock()
        if self._state is not _State.CLOSED:
            self._splitter.feed(data)
            self._process()

    def data_to_send(self) -> bytes:
        """Return what is to be written now, and forget it."""
        self._said_something = True
        return self.peer.take_output()

    def drained(self) -> None:
        """Note that the client caught up with what it was sent: its consumers may get more."""
        self._heard_at = self._broker.timers.clock()
        if self.peer.congested:
            self.peer.congested = False
            for channel in list(self._channels.values()):
                channel.dispatch()
            self._broker.bury()

    def lost(self) -> None:
        """Note that the transport is gone."""
        self._end()

    def shut_down(self, reason: str) -> None:
        """Close the connection as an operator would."""
        if self._state in (_State.HANDSHAKE, _State.RUNNING):
            text = f"broker forced connection closure with reason '{reason}'"
            self._fail(ProtocolError(ReplyCode.CONNECTION_FORCED, text), b"")
        else:
            self._end()

    # -- input

    def _process(self) -> None:
        frame: Frame | None = None
        try:
            if self._state is _State.GREETING and not self._greeted():
                return
            for frame in self._splitter.frames():
                self._take(frame)
                if self.paused or self._state is _State.CLOSED:
                    break
            for channel in self._unconfirmed:
                channel.flush_confirms()
            self._unconfirmed.clear()
            self._broker.bury()
        except LoginRefused:
            logger.warning("%s: login refused", self.peer.name)
            self._end()
        except ProtocolError as error:
            self._fail(error, frame.payload if frame is not None and frame.kind == METHOD else b"")
        except Exception:
            # A fault of the broker itself must not take the other connections down.
            logger.exception("%s: internal error", self.peer.name)
            self._fail(ProtocolError(ReplyCode.INTERNAL_ERROR, "see the broker's log"), b"")

    def _greeted(self) -> bool:
        header = self._splitter.take(len(PROTOCOL_HEADER))
        if header is None:
            return False
        if header != PROTOCOL_HEADER:
            self.peer.send(PROTOCOL_HEADER)
            self._end()
            return False
        self._state = _State.HANDSHAKE
        self._handshake.start()
        return True

    def _take(self, frame: Frame) -> None:
        kind, number, payload = frame
        if kind == HEARTBEAT:
            return
        if number == 0:
            if kind != METHOD:
                raise ProtocolError(ReplyCode.UNEXPECTED_FRAME, "content on channel 0")
            self._connection_method(decode_method(payload))
        elif self._state is _State.RUNNING:
            try:
                self._channel_frame(kind, number, payload)
            except ProtocolError as error:
                if error.closes_connection:
                    raise
                self._fail_channel(self._channels[number], error, payload if kind == METHOD else PUBLISH_INDEX)
        elif self._state is _State.HANDSHAKE:
            raise ProtocolError(ReplyCode.CHANNEL_ERROR, f"channel {number} before connection.open")

    def _connection_method(self, method: base.Frame) -> None:
        if isinstance(method, commands.Connection.CloseOk) and self._state is _State.CLOSING:
            self._end()
        elif isinstance(method, commands.Connection.Close):
            self._release()
            self._send(commands.Connection.CloseOk)
            self._end()
        elif self._state is _State.HANDSHAKE:
            self._handshake.receive(method)
            self._splitter.frame_max = self.peer.frame_max
            if self._handshake.done:
                self._run()
        elif self._state is _State.RUNNING:
            raise ProtocolError(ReplyCode.COMMAND_INVALID, f"{method.name} is not expected now")

    def _run(self) -> None:
        self._state = _State.RUNNING
        self._timer.cancel()
        if self._handshake.heartbeat:
            self._timer = self._broker.timers.call_after(self._handshake.heartbeat / 2, self._beat)

    def _channel_frame(self, kind: int, number: int, payload: bytes) -> None:
        channel = self._channels.get(number)
        if channel is not None and channel.closing:
            self._closing_channel(channel, kind, payload)
            return
        content = self._content.get(number)
        if kind == METHOD:
            if content is not None:
                raise ProtocolError(ReplyCode.UNEXPECTED_FRAME, "expected content header or body, got method instead")
            if channel is None:
                self._open_channel(number, decode_method(payload))
            elif payload.startswith(PUBLISH_INDEX):
                self._content[number] = IncomingContent(channel, payload)
            else:
                self._channel_method(channel, decode_method(payload))
        elif channel is None:
            raise ProtocolError(ReplyCode.CHANNEL_ERROR, "expected 'channel.open'")
        elif content is None:
            raise ProtocolError(ReplyCode.UNEXPECTED_FRAME, "expected method frame, got content instead")
        else:
            if content.header(payload) if kind == HEADER else content.body(payload):
                self._publish(channel, content)
            # As in RabbitMQ a publisher is held as soon as its message begins: one with a body waits, too.
            if self._broker.blocked_reason is not None:
                self._pause(self._broker.blocked_reason)

    def _publish(self, channel: Channel, content: IncomingContent) -> None:
        del self._content[channel.number]
        content.publish()
        if channel.confirms is not None:
            self._unconfirmed.add(channel)

    def _channel_method(self, channel: Channel, method: base.Frame) -> None:
        if isinstance(method, commands.Channel.Close):
            channel.flush_confirms()
            channel.end()
            del self._channels[channel.number]
            channel.send(commands.Channel.CloseOk)
            return
        handler = _HANDLERS.get(type(method))
        if handler is not None:
            handler(channel, method)
        elif isinstance(method, commands.Channel.Open):
            raise ProtocolError(ReplyCode.CHANNEL_ERROR, "second 'channel.open' seen")
        elif method.index >> 16 == commands.Tx.index >> 16:
            raise ProtocolError(ReplyCode.NOT_IMPLEMENTED, "the embedded broker has no transactions")
        else:
            raise ProtocolError(ReplyCode.COMMAND_INVALID, f"{method.name} is not expected now")

    def _open_channel(self, number: int, method: base.Frame) -> None:
        if not isinstance(method, commands.Channel.Open):
            raise ProtocolError(ReplyCode.CHANNEL_ERROR, "expected 'channel.open'")
        if len(self._channels) >= self._handshake.channel_max:
            text = f"number of channels opened has reached the negotiated channel_max ({self._handshake.channel_max})"
            raise ProtocolError(ReplyCode.NOT_ALLOWED, text)
        channel = self._channels[number] = Channel(self._broker, self.peer, number)
        channel.send(commands.Channel.OpenOk)

    def _closing_channel(self, channel: Channel, kind: int, payload: bytes) -> None:
        # What the client sent before it saw the close is to be ignored.
        if kind != METHOD or payload.startswith(PUBLISH_INDEX):
            return
        method = decode_method(payload)
        if isinstance(method, commands.Channel.Close):
            channel.send(commands.Channel.CloseOk)
        if isinstance(method, commands.Channel.Close | commands.Channel.CloseOk):
            del self._channels[channel.number]

    # -- ends

    def _send(self, method: type[base.Frame], **arguments: Any) -> None:
        self.peer.send(method_frame(0, encode_method(method, **arguments)))

    def _fail_channel(self, channel: Channel, error: ProtocolError, payload: bytes) -> None:
        logger.info("%s: channel %d: %s", self.peer.name, channel.number, error)
        self._content.pop(channel.number, None)
        channel.flush_confirms()
        channel.end()
        channel.closing = True
        class_id, method_id = method_ids(payload)
        channel.send(
            commands.Channel.Close,
            reply_code=error.code.value,
            reply_text=error.reply_text,
            class_id=class_id,
            method_id=method_id,
        )

    def _fail(self, error: ProtocolError, payload: bytes) -> None:
        if self._state is _State.GREETING or self._state is _State.CLOSING:
            self._end()
            return
        logger.warning("%s: %s", self.peer.name, error)
        self._release()
        class_id, method_id = method_ids(payload)
        self._send(
            commands.Connection.Close,
            reply_code=error.code.value,
            reply_text=error.reply_text,
            class_id=class_id,
            method_id=method_id,
        )
        self._state = _State.CLOSING
        self._timer.cancel()
        self._timer = self._broker.timers.call_after(_CLOSE_SECONDS, self._end)

    def _release(self) -> None:
        # All first: what one channel gives back must not go to another of this connection.
        for channel in self._channels.values():
            channel.deliveries.ended = True
        for channel in self._channels.values():
            channel.flush_confirms()
            channel.end()
        self._channels.clear()
        self._content.clear()
        self._unconfirmed.clear()
        self._broker.topology.delete_owned(self.peer)
        self._broker.bury()

    def _end(self) -> None:
        if self._state is _State.CLOSED:
            return
        self._release()
        self._state = _State.CLOSED
        self._timer.cancel()
        self._broker.on_alarm.remove(self._alarm_changed)
        self._wake()

    def _handshake_overdue(self) -> None:
        logger.warning("%s: no complete handshake within %.0f s", self.peer.name, _HANDSHAKE_SECONDS)
        self._end()

    # -- heartbeats and alarms

    def _beat(self) -> None:
        interval = self._handshake.heartbeat
        if self._state is not _State.RUNNING:
            return
        # While the broker itself does not read, silence says nothing.
        if not self.paused and self._broker.timers.clock() - self._heard_at > 2 * interval:
            logger.warning("%s: missed heartbeats, timeout: %d s", self.peer.name, interval)
            self._end()
            return
        if not self._said_something:
            self.peer.send(HEARTBEAT_FRAME)
        self._said_something = False
        self._timer = self._broker.timers.call_after(interval / 2, self._beat)

    def _pause(self, reason: str) -> None:
        self.paused = True
        if self._handshake.told_of_blocking:
            self._send(commands.Connection.Blocked, reason=short_text(reason))
        self._wake()

    def _alarm_changed(self) -> None:
        if not self.paused or self._broker.blocked_reason is not None:
            return
        self.paused = False
        self._heard_at = self._broker.timers.clock()
        if self._handshake.told_of_blocking:
            self._send(commands.Connection.Unblocked)
        self._wake()
        self._process()
