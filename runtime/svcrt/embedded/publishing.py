"""basic.publish: collecting a message from its frames and handing it to the broker."""

from pamqp import commands

from .broker import Outcome
from .channel import Channel
from .errors import ProtocolError, ReplyCode
from .frames import method_frame
from .message import Message
from .methods import encode_method
from .properties import Header, parse_header
from .tables import read_short_string

__all__ = ["IncomingContent"]

_MAX_BODY = 128 << 20
_ARGUMENTS_AT = 6  # after the method's index and a reserved short
_MANDATORY, _IMMEDIATE = 1, 2


class IncomingContent:
    """The message that a channel is receiving, from its method frame on.

    Args:
        channel: Where it arrives.
        payload: The method frame's payload.

    Raises:
        ProtocolError: Malformed, or asks for immediate delivery, which RabbitMQ dropped.
    """

    def __init__(self, channel: Channel, payload: bytes) -> None:
        self._channel = channel
        self._exchange, at = read_short_string(payload, _ARGUMENTS_AT)
        self._routing_key, at = read_short_string(payload, at)
        if at >= len(payload):
            raise ProtocolError(ReplyCode.SYNTAX_ERROR, "malformed Basic.Publish: the frame ends before its flags")
        if payload[at] & _IMMEDIATE:
            raise ProtocolError(ReplyCode.NOT_IMPLEMENTED, "immediate=true")
        self._mandatory = bool(payload[at] & _MANDATORY)
        self._address = payload[_ARGUMENTS_AT:at]
        self._header = b""
        self._parsed: Header | None = None
        self._parts: list[bytes] = []
        self._missing = 0

    def header(self, payload: bytes) -> bool:
        """Take the content header; True when the message is complete."""
        if self._parsed is not None:
            raise ProtocolError(ReplyCode.UNEXPECTED_FRAME, "expected content body, got content header instead")
        self._parsed = parse_header(payload)
        self._header = payload
        self._missing = self._parsed.body_size
        if self._missing > _MAX_BODY:
            text = f"message size {self._missing} is larger than configured max size {_MAX_BODY}"
            raise ProtocolError(ReplyCode.PRECONDITION_FAILED, text)
        return not self._missing

    def body(self, payload: bytes) -> bool:
        """Take a piece of the body; True when the message is complete."""
        if self._parsed is None:
            raise ProtocolError(ReplyCode.UNEXPECTED_FRAME, "expected content header, got content body instead")
        self._missing -= len(payload)
        if self._missing < 0:
            raise ProtocolError(ReplyCode.FRAME_ERROR, "content body is longer than its header says")
        self._parts.append(payload)
        return not self._missing

    def publish(self) -> None:
        """Hand the complete message over; return it or refuse it where that is what becomes of it."""
        channel = self._channel
        message = self._message()
        number = channel.confirms.publish() if channel.confirms is not None else 0
        outcome = channel.broker.publish(message)
        if outcome is Outcome.UNROUTABLE and self._mandatory:
            channel.send_content(
                message,
                commands.Basic.Return,
                reply_code=ReplyCode.NO_ROUTE.value,
                reply_text=ReplyCode.NO_ROUTE.name,
                exchange=message.exchange,
                routing_key=message.routing_key,
            )
        if channel.confirms is None:
            return
        if outcome is Outcome.REFUSED:
            channel.flush_confirms()
            channel.peer.send(method_frame(channel.number, encode_method(commands.Basic.Nack, delivery_tag=number)))
        else:
            channel.confirms.taken(number)

    def _message(self) -> Message:
        assert self._parsed is not None
        channel, parsed = self._channel, self._parsed
        exchange = channel.broker.topology.exchange(self._exchange)
        if exchange.internal:
            text = f"cannot publish to internal exchange '{self._exchange}' in vhost '/'"
            raise ProtocolError(ReplyCode.ACCESS_REFUSED, text)
        if parsed.user_id is not None and parsed.user_id != channel.peer.user:
            text = f"user_id property set to '{parsed.user_id}' but authenticated user was '{channel.peer.user}'"
            raise ProtocolError(ReplyCode.PRECONDITION_FAILED, text)
        return Message(
            exchange=self._exchange,
            routing_key=self._routing_key,
            address=self._address,
            header=self._header,
            body=self._parts[0] if len(self._parts) == 1 else b"".join(self._parts),
            expiration=None if parsed.expiration is None else _milliseconds(parsed.expiration),
        )


def _milliseconds(expiration: str) -> int:
    if not (expiration.isascii() and expiration.isdigit()):
        raise ProtocolError(ReplyCode.PRECONDITION_FAILED, f"invalid expiration '{expiration}': no number of ms")
    return int(expiration)
