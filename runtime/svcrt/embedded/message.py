"""A message as published, and its place in one queue."""

__all__ = ["Message", "QueuedMessage"]


class Message:
    """One published message, shared by every queue that holds it.

    Attributes:
        exchange: Name of the exchange that it was published to.
        routing_key: Its routing key.
        address: Both as the wire has them, two short strings.
        header: Payload of the content header frame, as it came.
        body: The whole body.
        expiration: Its own time to live in ms, if any.
    """

    __slots__ = ("address", "body", "exchange", "expiration", "header", "routing_key", "size")

    def __init__(
        self, *, exchange: str, routing_key: str, address: bytes, header: bytes, body: bytes, expiration: int | None
    ) -> None:
        self.exchange = exchange
        self.routing_key = routing_key
        self.address = address
        self.header = header
        self.body = body
        self.expiration = expiration
        self.size = len(header) + len(body)

    def republished(self, *, exchange: str, routing_key: str, header: bytes) -> "Message":
        """Return the copy that dead-lettering publishes: other address and header, no expiration."""
        parts = (exchange.encode(), routing_key.encode())
        address = b"".join(bytes([len(part)]) + part for part in parts)
        return Message(
            exchange=exchange,
            routing_key=routing_key,
            address=address,
            header=header,
            body=self.body,
            expiration=None,
        )


class QueuedMessage:
    """A message in one queue: its position stays the same when it is requeued.

    Attributes:
        message: What was published.
        position: Grows with every message that the queue takes.
        expires_at: When it expires, in seconds of the broker's clock; None for never.
        returns: How often it came back from a consumer.
    """

    __slots__ = ("expires_at", "message", "position", "returns")

    def __init__(self, message: Message, position: int, expires_at: float | None) -> None:
        self.message = message
        self.position = position
        self.expires_at = expires_at
        self.returns = 0

    @property
    def redelivered(self) -> bool:
        """Whether a consumer had it before."""
        return self.returns > 0
