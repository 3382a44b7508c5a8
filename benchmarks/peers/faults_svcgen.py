"""svcgen under faults: a service of `svcgen run`, and a client on native threads."""

import sys
import time
from typing import Any, final

from bench.v1 import FaultyBase, FaultyClient, Numbered
from bench.v1.contract import NUMBERED

import faults
import measuring
import svcgen_rpc
import svcrt


@final
class Faulty(FaultyBase):
    """Writes down what it does."""

    def wait(self, *, seconds: float) -> int:
        """Wait."""
        if seconds:
            faults.write_down("call")
        time.sleep(seconds)
        return 1

    def on_number(self, event: Any) -> None:
        """Handle a number."""
        faults.handle(event.number)


def serve(options):
    """Run the service."""
    svcgen_rpc.serve(options, "faults_svcgen:Faulty")


def call(options):
    """Make one call that takes a while."""
    with svcrt.connect(options.url) as cluster:
        client = FaultyClient(cluster)
        client.wait(seconds=0.0)
        with faults.Calling():
            client.wait(seconds=options.seconds, timeout=options.seconds + 5)


def publish(options):
    """Publish numbers."""
    with svcrt.connect(options.url) as cluster:
        publishing = faults.Publishing(options)
        for number in publishing:
            try:
                cluster.emit(NUMBERED, Numbered(number=number))
            except Exception as error:  # however it ends is what is measured
                publishing.note(number, error)
            else:
                publishing.note(number)
            time.sleep(0.005)


def probe(options):
    """Call until there is an answer."""
    with svcrt.connect(options.url, wait=None) as cluster:
        measuring.probe(lambda: FaultyClient(cluster).wait(seconds=0.0, timeout=1.0))


if __name__ == "__main__":
    given = measuring.arguments()
    sys.exit({"serve": serve, "call": call, "publish": publish, "probe": probe}[given.role](given))
