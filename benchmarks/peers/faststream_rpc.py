"""Echo over FastStream: a typed subscriber, and requests from asyncio tasks of one broker object."""

import asyncio
import os
import time

from faststream.rabbit import RabbitBroker

import measuring

QUEUE = "echo"


async def serve(options):
    """Answer for ever."""
    os.environ.update(BROKER_URL=options.url, WORKERS=str(options.workers))
    from faststream_echo import app

    app.after_startup(measuring.ready)
    await app.run()


async def call(options):
    """Call from as many tasks as there are callers."""
    os.environ["BROKER_URL"] = options.url
    from faststream_echo import Item

    item = Item(**measuring.ITEM)
    async with RabbitBroker(options.url, logger=None) as broker:

        async def call_once():
            answer = await broker.request(item, QUEUE, timeout=10)
            assert Item.model_validate_json(answer.body) == item

        await measuring.async_loop(options, call_once)


async def probe(options):
    """Call until there is an answer."""
    async with RabbitBroker(options.url, logger=None) as broker:
        measuring.say(ready=True)
        while True:
            try:
                await broker.request(measuring.ITEM, QUEUE, timeout=0.1)
            except Exception:  # whatever it says while nobody serves
                await asyncio.sleep(measuring.PAUSE)
            else:
                measuring.say(answered_at=time.monotonic())
                return


if __name__ == "__main__":
    given = measuring.arguments()
    asyncio.run({"serve": serve, "call": call, "probe": probe}[given.role](given))
