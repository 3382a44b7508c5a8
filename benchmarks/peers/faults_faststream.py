"""FastStream under faults: a subscriber for calls and one for events, and a broker object as client."""

import asyncio

from faststream import FastStream
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

import faults
import measuring

EVENTS = RabbitExchange("numbered", type=ExchangeType.TOPIC, durable=True)


async def serve(options):
    """Run the service."""
    broker = RabbitBroker(options.url, logger=None)

    @broker.subscriber(RabbitQueue("faulty", durable=True))
    async def wait(seconds: float) -> int:
        if seconds:
            faults.write_down("call")
        await asyncio.sleep(seconds)
        return 1

    @broker.subscriber(RabbitQueue("faulty.numbered", durable=True, routing_key="numbered"), EVENTS)
    async def on_number(number: int) -> None:
        faults.handle(number)

    app = FastStream(broker, logger=None)
    app.after_startup(measuring.ready)
    await app.run()


async def call(options):
    """Make one call that takes a while."""
    async with RabbitBroker(options.url, logger=None) as broker:
        await broker.request(0, "faulty", timeout=10)
        with faults.Calling():
            await broker.request(options.seconds, "faulty", timeout=options.seconds + 5)


async def publish(options):
    """Publish numbers."""
    async with RabbitBroker(options.url, logger=None) as broker:
        publishing = faults.Publishing(options)
        for number in publishing:
            try:
                await broker.publish(number, exchange=EVENTS, routing_key="numbered", persist=True)
            except Exception as error:  # however it ends is what is measured
                publishing.note(number, error)
            else:
                publishing.note(number)
            await asyncio.sleep(0.005)


async def probe(options):
    """Call until there is an answer, by a new broker object each time."""
    measuring.say(ready=True)
    while True:
        try:
            async with asyncio.timeout(2), RabbitBroker(options.url, logger=None) as broker:
                await broker.request(0, "faulty", timeout=1.0)
        except Exception:  # whatever it says while nobody serves
            await asyncio.sleep(measuring.PAUSE)
        else:
            measuring.say(answered_at=measuring.time.monotonic())
            return


if __name__ == "__main__":
    given = measuring.arguments()
    asyncio.run({"serve": serve, "call": call, "publish": publish, "probe": probe}[given.role](given))
