"""A durable queue that takes what is published, so that the broker has something to keep. Needs py-amqp."""

from contextlib import contextmanager
from urllib.parse import urlsplit

import amqp

QUEUE = "benchmark-sink"


def connect(url):
    """Return an open connection."""
    parts = urlsplit(url)
    connection = amqp.Connection(
        f"{parts.hostname}:{parts.port}", parts.username, parts.password, virtual_host=parts.path[1:] or "/"
    )
    connection.connect()
    return connection


@contextmanager
def sink(url, exchange, key):
    """Have the queue for the time of a `with` block, bound to a durable topic exchange that is declared if need be."""
    with connect(url) as connection:
        channel = connection.channel()
        channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
        channel.queue_declare(QUEUE, durable=True, auto_delete=False)
        channel.queue_bind(QUEUE, exchange, key)
    yield
    with connect(url) as connection:
        connection.channel().queue_delete(QUEUE)
