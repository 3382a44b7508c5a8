"""Persistent, confirmed publishing through kombu's pooled producers, from native threads."""

from kombu import Connection, Exchange
from kombu.pools import producers

import measuring
from sink import sink

EXCHANGE = Exchange("happenings", type="topic", durable=True)
KEY = "happened"


def publish(options):
    """Publish from as many threads as there are callers; each takes a producer from the pool, as in kombu's guide."""
    connection = Connection(options.url, transport_options={"confirm_publish": True})

    def publish_once():
        with producers[connection].acquire(block=True) as producer:
            producer.publish({"item": measuring.ITEM}, exchange=EXCHANGE, routing_key=KEY, delivery_mode=2, retry=True)

    with sink(options.url, EXCHANGE.name, KEY):
        measuring.closed_loop(options, publish_once, measuring.in_threads)


if __name__ == "__main__":
    given = measuring.arguments()
    {"publish": publish}[given.role](given)
