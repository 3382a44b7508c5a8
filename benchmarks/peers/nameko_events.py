"""Events of nameko: published by EventDispatcher from green threads, and handled by event handlers."""

import warnings

warnings.simplefilter("ignore")

import eventlet  # noqa: E402

eventlet.monkey_patch()

from functools import partial  # noqa: E402

from nameko.events import EventDispatcher, event_handler  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402
from nameko.standalone.events import event_dispatcher  # noqa: E402
from nameko.testing.services import dummy, entrypoint_hook  # noqa: E402

import measuring  # noqa: E402
import nameko_rpc  # noqa: E402
from sink import sink  # noqa: E402

EVENT = {"item": measuring.ITEM}


class Announcer:
    """Has the dispatcher; its method is run by hand and publishes from green threads."""

    name = "announcer"
    dispatch = EventDispatcher()

    @dummy
    def run(self, options):
        """Measure publishing."""
        publish_once = partial(self.dispatch, "happened", EVENT)
        measuring.closed_loop(options, publish_once, nameko_rpc.in_greenlets)


class Hearer:
    """Counts events."""

    name = "hearer"
    heard = None

    @event_handler("announcer", "happened")
    def on_happened(self, event):
        """Count."""
        Hearer.heard()


def publish(options):
    """Publish from green threads of one service."""
    running = nameko_rpc.runner(options, Announcer)
    hook = entrypoint_hook(next(iter(running.containers)), "run", timeout=options.seconds + 60)
    with sink(options.url, "announcer.events", "happened"), hook as run:
        run(options)
    running.stop()


def handle(options):
    """Handle what has been queued before."""
    settings = {"AMQP_URI": options.url}
    nameko_rpc.runner(options, Hearer).stop()  # declares its queue
    dispatch = event_dispatcher(settings)
    each = partial(dispatch, "announcer", "happened", EVENT)
    pool = eventlet.GreenPool(10)
    for _ in range(options.count):
        pool.spawn(each)
    pool.waitall()
    backlog = measuring.Backlog(options, eventlet.event.Event)
    Hearer.heard = backlog.heard
    running = nameko_rpc.runner(options, Hearer)
    backlog.done.wait()
    running.stop()
    backlog.report()


def fan_out(options):
    """Announce one event after the other to many services of one process, each when the last was handled by all."""
    runner = ServiceRunner({"AMQP_URI": options.url})
    for number in range(options.subscribers):
        runner.add_service(type(f"Hearer{number}", (Hearer,), {"name": f"hearer{number}"}))
    runner.start()
    dispatch = event_dispatcher({"AMQP_URI": options.url})
    turns = measuring.Turns(options.subscribers)
    Hearer.heard = turns.heard

    def announce_once():
        handled = turns.begin(eventlet.event.Event())
        dispatch("announcer", "happened", EVENT)
        handled.wait()

    measuring.closed_loop(options, announce_once, nameko_rpc.in_greenlets)
    runner.kill()


if __name__ == "__main__":
    given = measuring.arguments()
    {"publish": publish, "handle": handle, "fan-out": fan_out}[given.role](given)
