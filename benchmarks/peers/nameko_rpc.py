"""Echo over nameko: a service run as `nameko run` does, called through the proxy that a service gets injected."""

import warnings

warnings.simplefilter("ignore")

import eventlet  # noqa: E402

eventlet.monkey_patch()

from nameko.rpc import RpcProxy, rpc  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402
from nameko.standalone.rpc import ClusterRpcProxy  # noqa: F401, E402 # loads what the proxy needs
from nameko.testing.services import dummy, entrypoint_hook  # noqa: E402

import measuring  # noqa: E402


class Echo:
    """Gives back what it got."""

    name = "echo"

    @rpc
    def echo(self, item):
        """Give it back."""
        return item


class Caller:
    """Has the proxy; its method is run by hand and calls from green threads."""

    name = "caller"
    remote = RpcProxy("echo")

    @dummy
    def run(self, options):
        """Measure."""

        def call_once():
            assert self.remote.echo(measuring.ITEM) == measuring.ITEM

        measuring.closed_loop(options, call_once, in_greenlets)


def in_greenlets(functions):
    """Run functions in green threads, and wait for all."""
    for each in [eventlet.spawn(function) for function in functions]:
        each.wait()


def runner(options, service):
    """Start a service."""
    running = ServiceRunner({"AMQP_URI": options.url, "max_workers": options.workers})
    running.add_service(service)
    running.start()
    return running


def serve(options):
    """Answer for ever."""
    running = runner(options, Echo)
    measuring.ready()
    running.wait()


def call(options):
    """Call from green threads of one service."""
    running = runner(options, Caller)
    with entrypoint_hook(next(iter(running.containers)), "run", timeout=options.seconds + 60) as run:
        run(options)
    running.stop()


if __name__ == "__main__":
    given = measuring.arguments()
    {"serve": serve, "call": call}[given.role](given)
