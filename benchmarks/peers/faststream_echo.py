"""The echo service of FastStream, alone: what `faststream run` loads. The broker's URL is in BROKER_URL."""

import os

from faststream import FastStream
from faststream.rabbit import Channel, RabbitBroker
from pydantic import BaseModel

QUEUE = "echo"


class Item(BaseModel):
    """The value that is sent there and back."""

    id: int
    name: str
    price: float
    active: bool
    tags: list[str]


broker = RabbitBroker(
    os.environ["BROKER_URL"], default_channel=Channel(prefetch_count=int(os.environ.get("WORKERS", "50"))), logger=None
)
app = FastStream(broker, logger=None)


@broker.subscriber(QUEUE)
async def echo(item: Item) -> Item:
    """Give it back."""
    return item
