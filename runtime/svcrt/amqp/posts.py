"""A message on its way to the broker, and what has become of it."""

import logging
import time
from collections.abc import Callable

from svcrt.amqp.properties import encode_properties
from svcrt.errors import BrokerError
from svcrt.types import Message

log = logging.getLogger("svcrt.amqp")

OnDone = Callable[[BrokerError | None], None]


class Post:
    """One message. Only the publisher touches it after `Publisher.post`.

    Attributes:
        on_done: told how it ended, once; None for one that wants no confirm.
        posted, write_by, confirm_by: on the monotonic clock.
        lifetime: seconds after which nobody wants it any more.
        returned: why the broker has sent it back; empty when it has not.
    """

    __slots__ = (
        "body",
        "confirm_by",
        "exchange",
        "lifetime",
        "mandatory",
        "on_done",
        "posted",
        "returned",
        "routing_key",
        "write_by",
    )

    def __init__(self, body: bytes, exchange: str, routing_key: str, mandatory: bool, on_done: OnDone | None) -> None:
        self.body = body
        self.exchange = exchange
        self.routing_key = routing_key
        self.mandatory = mandatory
        self.on_done = on_done
        self.lifetime: float | None = None
        self.returned = ""
        self.posted = self.write_by = self.confirm_by = time.monotonic()

    def properties(self, now: float) -> bytes:
        """Return the properties as they shall be written at this moment."""
        raise NotImplementedError

    def is_of(self, returned: Message) -> bool:
        """Whether what came back is this message."""
        raise NotImplementedError

    def finish(self, error: BrokerError | None) -> None:
        """Report how it ended, the first time."""
        on_done, self.on_done = self.on_done, None
        if on_done is not None:
            try:
                on_done(error)
            except Exception:
                log.exception("a callback of a published message failed")


class MessagePost(Post):
    """Any message; what it waits here is taken off its expiration."""

    __slots__ = ("message",)

    def __init__(
        self, message: Message, exchange: str, routing_key: str, mandatory: bool, on_done: OnDone | None
    ) -> None:
        super().__init__(message.body, exchange, routing_key, mandatory, on_done)
        self.message = message
        self.lifetime = None if message.expiration is None else message.expiration / 1000

    def properties(self, now: float) -> bytes:
        """See `Post`."""
        expiration = self.message.expiration
        left = None if expiration is None else max(1, expiration - int((now - self.posted) * 1000))
        return encode_properties(self.message, expiration=left)

    def is_of(self, returned: Message) -> bool:
        """See `Post`."""
        message = self.message
        return (message.message_id, message.correlation_id) == (returned.message_id, returned.correlation_id)


class PackedPost(Post):
    """A message whose properties are bytes already, and that wants no confirm."""

    __slots__ = ("_properties",)

    def __init__(self, properties: bytes, body: bytes, exchange: str, routing_key: str) -> None:
        super().__init__(body, exchange, routing_key, False, None)
        self._properties = properties

    def properties(self, now: float) -> bytes:
        """See `Post`."""
        return self._properties

    def is_of(self, returned: Message) -> bool:
        """See `Post`; what is not mandatory does not come back."""
        return False
