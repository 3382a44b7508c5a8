"""nameko under faults: a service, and the standalone proxy and dispatcher."""

import warnings

warnings.simplefilter("ignore")

import eventlet  # noqa: E402

eventlet.monkey_patch()

import time  # noqa: E402

from nameko.events import event_handler  # noqa: E402
from nameko.rpc import rpc  # noqa: E402
from nameko.standalone.events import event_dispatcher  # noqa: E402
from nameko.standalone.rpc import ClusterRpcProxy  # noqa: E402

import faults  # noqa: E402
import measuring  # noqa: E402
import nameko_rpc  # noqa: E402


class Faulty:
    """Writes down what it does."""

    name = "faulty"

    @rpc
    def wait(self, seconds):
        """Wait."""
        if seconds:
            faults.write_down("call")
        time.sleep(seconds)
        return 1

    @event_handler("announcer", "numbered")
    def on_number(self, number):
        """Handle a number."""
        faults.handle(number)


def serve(options):
    """Run the service."""
    running = nameko_rpc.runner(options, Faulty)
    measuring.ready()
    running.wait()


def call(options):
    """Make one call that takes a while."""
    with ClusterRpcProxy({"AMQP_URI": options.url}, timeout=options.seconds + 5) as cluster:
        cluster.faulty.wait(0)
        with faults.Calling():
            cluster.faulty.wait(options.seconds)


def publish(options):
    """Publish numbers."""
    dispatch = event_dispatcher({"AMQP_URI": options.url})
    publishing = faults.Publishing(options)
    for number in publishing:
        try:
            dispatch("announcer", "numbered", number)
        except Exception as error:  # however it ends is what is measured
            publishing.note(number, error)
        else:
            publishing.note(number)
        time.sleep(0.005)


def probe(options):
    """Call until there is an answer, by a new proxy each time: one that has lost its connection is of no use."""

    def call_once():
        with ClusterRpcProxy({"AMQP_URI": options.url}, timeout=1.0) as cluster:
            cluster.faulty.wait(0)

    measuring.probe(call_once)


if __name__ == "__main__":
    given = measuring.arguments()
    {"serve": serve, "call": call, "publish": publish, "probe": probe}[given.role](given)
