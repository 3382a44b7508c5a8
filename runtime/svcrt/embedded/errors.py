"""Faults of a peer as AMQP names them: which close a channel, which the whole connection."""

from enum import IntEnum

__all__ = ["ProtocolError", "ReplyCode", "short_text"]

_FIRST_CONNECTION_CODE = 500
_SHORT_STRING_BYTES = 255


class ReplyCode(IntEnum):
    """Reply codes of AMQP 0-9-1 that the broker sends."""

    NO_ROUTE = 312
    CONNECTION_FORCED = 320
    ACCESS_REFUSED = 403
    NOT_FOUND = 404
    RESOURCE_LOCKED = 405
    PRECONDITION_FAILED = 406
    FRAME_ERROR = 501
    SYNTAX_ERROR = 502
    COMMAND_INVALID = 503
    CHANNEL_ERROR = 504
    UNEXPECTED_FRAME = 505
    NOT_ALLOWED = 530
    NOT_IMPLEMENTED = 540
    INTERNAL_ERROR = 541


class ProtocolError(Exception):
    """A peer broke a rule; `reply_text` reads ``NOT_FOUND - no queue 'x' in vhost '/'``, as RabbitMQ's does."""

    def __init__(self, code: ReplyCode, text: str) -> None:
        super().__init__(f"{code.name} - {text}")
        self.code = code
        self.reply_text = short_text(f"{code.name} - {text}")

    @property
    def closes_connection(self) -> bool:
        """Whether the connection ends; otherwise only the channel does."""
        return self.code >= _FIRST_CONNECTION_CODE or self.code == ReplyCode.CONNECTION_FORCED


def short_text(text: str) -> str:
    """Cut a text to the 255 bytes that a short string of AMQP holds."""
    return text.encode()[:_SHORT_STRING_BYTES].decode(errors="ignore")
