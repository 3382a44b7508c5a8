# kombu ships no complete type information.
# pyright: basic
"""The legacy system: it has never heard of svcgen, and puts JSON of its own into a queue.

python -m intake.legacy_system amqp://guest:guest@localhost L-17 "Ada Lovelace" 1.299,90
"""

import json
import sys

from kombu.connection import Connection


def send(broker: str, *bodies: str) -> None:
    """Put messages into `legacy.invoices`, which it declares, durable, if it is not there."""
    with Connection(broker) as connection, connection.SimpleQueue("legacy.invoices") as queue:
        for body in bodies:
            queue.put(body, content_type="text/plain", content_encoding="utf-8")


if __name__ == "__main__":
    url, number, customer, total = sys.argv[1:]
    send(url, json.dumps({"InvoiceNo": number, "Cust": customer, "Total": total}))
