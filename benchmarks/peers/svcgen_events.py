"""Events of svcgen: published from green threads, native threads and asyncio, handled by services of one process."""

import asyncio
import sys
from dataclasses import replace
from functools import partial

import measuring
from sink import sink

EXCHANGE, KEY = "svc.event", "bench.v1.Happened"


def event():
    """Return the event and its payload."""
    from bench.v1 import Happened, Item
    from bench.v1.contract import HAPPENED

    return HAPPENED, Happened(item=Item(**measuring.ITEM))


def turn_green():
    """Patch, and return the back end and what runs functions in green threads."""
    from svcrt.concurrency.green import patch

    patch()
    from svcrt.concurrency import backend

    chosen = backend("green")

    def in_greenlets(functions):
        for task in [chosen.spawn(function, name="caller") for function in functions]:
            task.join()

    return chosen, in_greenlets


def green(options):
    """Publish from green threads."""
    _, in_greenlets = turn_green()
    publish(options, "green", in_greenlets)


def threads(options):
    """Publish from native threads."""
    publish(options, "threads", measuring.in_threads)


def publish(options, concurrency, run_all):
    """Publish; a caller goes on when the broker has confirmed."""
    import svcrt

    with sink(options.url, EXCHANGE, KEY), svcrt.connect(options.url, concurrency=concurrency) as cluster:
        measuring.closed_loop(options, partial(cluster.emit, *event()), run_all)


def with_asyncio(options):
    """Publish from tasks of a loop."""

    async def run():
        import svcrt

        async with svcrt.connect_async(options.url) as cluster:
            await measuring.async_loop(options, partial(cluster.emit, *event()))

    with sink(options.url, EXCHANGE, KEY):
        asyncio.run(run())


def hearers(count, heard):
    """Return so many service classes, each with a name and so a queue of its own, and three providers."""
    from bench.v1.contract import HEARER

    from svcgen_services import Hearer

    return [
        type(
            f"Hearer{number}",
            (Hearer.__bases__[0],),
            {
                "contract": replace(HEARER, name=f"bench.v1.Hearer{number}"),
                "on_happened": lambda self, event: heard(),
                **{name: getattr(Hearer, name) for name in ("settings", "log")},
            },
        )
        for number in range(count)
    ]


def handle(options):
    """Handle what has been queued before."""
    chosen, in_greenlets = turn_green()
    import svcrt
    from svcrt.testing import running

    backlog = measuring.Backlog(options, chosen.flag)
    classes = hearers(1, backlog.heard)
    settings = {"broker": options.url, "concurrency": "green", "max_workers": options.workers}
    with running(*hearers(1, backlog.heard), **settings):
        pass  # declares its queue
    with svcrt.connect(options.url, concurrency="green") as cluster:
        each = partial(cluster.emit, *event())
        in_greenlets([partial(repeat, each, options.count // 100)] * 100)
    with running(*classes, **settings):
        backlog.done.wait(60)
    backlog.report()


def repeat(function, times):
    """Call again and again."""
    for _ in range(times):
        function()


def fan_out(options):
    """Announce one event after the other to many services of one process, each when the last was handled by all."""
    chosen, in_greenlets = turn_green()
    import svcrt
    from svcrt.testing import running

    turns = measuring.Turns(options.subscribers)
    classes = hearers(options.subscribers, turns.heard)
    with (
        running(*classes, broker=options.url, concurrency="green", ready_within=60),
        svcrt.connect(options.url, concurrency="green") as cluster,
    ):
        emit = partial(cluster.emit, *event())

        def announce_once():
            handled = turns.begin(chosen.flag())
            emit()
            assert handled.wait(30)

        measuring.closed_loop(options, announce_once, in_greenlets)


if __name__ == "__main__":
    given = measuring.arguments()
    roles = {"green": green, "threads": threads, "asyncio": with_asyncio, "handle": handle, "fan-out": fan_out}
    sys.exit(roles[given.role](given))
