"""Echo over FastStream: a typed subscriber, and requests from asyncio tasks of one broker object."""

import asyncio

from faststream import FastStream
from faststream.rabbit import Channel, RabbitBroker
from pydantic import BaseModel

import measuring

QUEUE = "echo"


class Item(BaseModel):
    """The value that is sent there and back."""

    id: int
    name: str
    price: float
    active: bool
    tags: list[str]


ITEM = Item(**measuring.ITEM)


async def serve(options):
    """Answer for ever."""
    broker = RabbitBroker(options.url, default_channel=Channel(prefetch_count=options.workers), logger=None)

    @broker.subscriber(QUEUE)
    async def echo(item: Item) -> Item:
        return item

    app = FastStream(broker, logger=None)
    app.after_startup(measuring.ready)
    await app.run()


async def call(options):
    """Call from as many tasks as there are callers."""
    async with RabbitBroker(options.url, logger=None) as broker:

        async def call_once():
            answer = await broker.request(ITEM, QUEUE, timeout=10)
            assert Item.model_validate_json(answer.body) == ITEM

        await measuring.async_loop(options, call_once)


if __name__ == "__main__":
    given = measuring.arguments()
    asyncio.run({"serve": serve, "call": call}[given.role](given))
