"""Echo over nameko: a service run as `nameko run` does, called through the proxy that a service gets injected."""

import warnings

warnings.simplefilter("ignore")

import eventlet  # noqa: E402

eventlet.monkey_patch()

from nameko.rpc import RpcProxy  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402
from nameko.standalone.rpc import ClusterRpcProxy  # noqa: E402
from nameko.testing.services import dummy, entrypoint_hook  # noqa: E402

import measuring  # noqa: E402
from nameko_echo import Echo  # noqa: E402


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


def probe(options):
    """Call until there is an answer."""
    with ClusterRpcProxy({"AMQP_URI": options.url}, timeout=0.1) as cluster:
        measuring.probe(lambda: cluster.echo.echo(measuring.ITEM))


if __name__ == "__main__":
    given = measuring.arguments()
    {"serve": serve, "call": call, "probe": probe}[given.role](given)
