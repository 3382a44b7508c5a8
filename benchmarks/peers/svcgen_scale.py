"""Many services in one process, and many idle clients of a service."""

import resource
import time
from dataclasses import replace
from functools import partial

import measuring


def services(options):
    """Start so many services in this process, tell how long it took, and stay."""
    from svcrt.concurrency.green import patch

    patch()
    began = time.perf_counter()
    from bench.v1.contract import ECHO

    from svcgen_services import Echo
    from svcrt.testing import running

    classes = [
        type(f"Echo{number}", (Echo,), {"contract": replace(ECHO, name=f"bench.v1.Echo{number}")})
        for number in range(options.subscribers)
    ]
    with running(*classes, broker=options.url, concurrency="green", ready_within=120):
        measuring.say(ready=True, pids=[], ready_ms=(time.perf_counter() - began) * 1e3)
        while True:
            time.sleep(1)


def clients(options):
    """Connect so many clients, each with its own connection, and make one call with each; then stay idle."""
    from svcrt.concurrency.green import patch

    patch()
    from bench.v1 import EchoClient, Item

    import svcrt
    from svcrt.concurrency import backend

    chosen = backend("green")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    item = Item(**measuring.ITEM)
    began = time.perf_counter()
    connected = []

    def connect_some(count):
        for _ in range(count):
            cluster = svcrt.connect(options.url, concurrency="green", wait=60)
            assert EchoClient(cluster).echo(item=item, timeout=60) == item
            connected.append(cluster)

    at_once = min(10, options.count)
    for task in [chosen.spawn(partial(connect_some, options.count // at_once), name="connect") for _ in range(at_once)]:
        task.join()
    assert len(connected) == options.count, f"{options.count} is to be a multiple of ten"
    measuring.say(ready=True, pids=[], ready_ms=(time.perf_counter() - began) * 1e3, soft_limit=soft)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    given = measuring.arguments()
    {"services": services, "clients": clients}[given.role](given)
