"""AMQP 0-9-1 on py-amqp: the link, and what a service makes of it. The only package that imports amqp."""

from svcrt.amqp.link import AmqpLink

__all__ = ["AmqpLink"]
