"""An AMQP 0-9-1 broker in memory, for development and tests; production is RabbitMQ."""

from .local import EmbeddedBroker

__all__ = ["EmbeddedBroker"]
