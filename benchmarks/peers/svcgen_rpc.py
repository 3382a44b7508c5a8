"""Echo over svcgen: a real `svcgen run`, called by each kind of client that there is."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import measuring

HERE = Path(__file__).parent


def serve(options, *services):
    """Start `svcgen run` as a user would, tell when it is up, and stay with it."""
    names = services or ("Echo",)
    services = [name if ":" in name else f"svcgen_services:{name}" for name in names]
    command = [sys.executable, "-m", "svcrt", "run", *services]
    command += ["--broker", options.url, "--no-http", "--workers", str(options.processes)]
    process = subprocess.Popen(
        [*command, "--max-workers", str(options.workers)],
        cwd=HERE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=measuring.die_with_parent,
    )
    missing = len(names) * options.processes
    for line in process.stderr:
        sys.stderr.write(line)
        missing -= " is running " in line
        if not missing:
            break
    threading.Thread(target=lambda: sys.stderr.writelines(process.stderr), daemon=True).start()
    measuring.ready(process.pid, *children(process.pid))
    sys.exit(process.wait())


def children(pid):
    """Return the processes that a process has started."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in listed for child in each.read_text().split()]


def client_of(cluster):
    """Return a check-and-call function, and one that gives a future."""
    from bench.v1 import EchoClient, Item

    item = Item(**measuring.ITEM)
    client = EchoClient(cluster)

    def call_once():
        assert client.echo(item=item) == item

    def wait(future):
        assert future.result() == item

    return call_once, lambda: client.futures.echo(item=item), wait


def green(options):
    """Call from green threads of one process."""
    from svcrt.concurrency.green import patch

    patch()
    import svcrt
    from svcrt.concurrency import backend

    chosen = backend("green")

    def in_greenlets(functions):
        for task in [chosen.spawn(function, name="caller") for function in functions]:
            task.join()

    with svcrt.connect(options.url, concurrency="green", wait_for_service=True) as cluster:
        call_once, _, _ = client_of(cluster)
        measuring.closed_loop(options, call_once, in_greenlets)


def threads(options):
    """Call from native threads, no monkey patching."""
    import svcrt

    with svcrt.connect(options.url, wait_for_service=True) as cluster:
        call_once, _, _ = client_of(cluster)
        measuring.closed_loop(options, call_once, measuring.in_threads)


def futures(options):
    """Call from one native thread, with futures."""
    import svcrt

    with svcrt.connect(options.url, wait_for_service=True) as cluster:
        _, submit, wait = client_of(cluster)
        measuring.windowed_loop(options, submit, wait)


def with_asyncio(options):
    """Call from asyncio tasks."""
    asyncio.run(tasks(options))


async def tasks(options):
    """Measure in the loop."""
    from bench.v1 import EchoAsyncClient, Item

    import svcrt

    item = Item(**measuring.ITEM)
    async with svcrt.connect_async(options.url, wait_for_service=True) as cluster:
        client = EchoAsyncClient(cluster)

        async def call_once():
            assert await client.echo(item=item) == item

        await measuring.async_loop(options, call_once)


def probe(options):
    """Call until there is an answer."""
    from bench.v1 import EchoClient, Item

    import svcrt

    item = Item(**measuring.ITEM)
    with svcrt.connect(options.url) as cluster:
        measuring.probe(lambda: EchoClient(cluster).echo(item=item, timeout=0.1))


if __name__ == "__main__":
    given = measuring.arguments()
    roles = {
        "serve": serve,
        "green": green,
        "threads": threads,
        "futures": futures,
        "asyncio": with_asyncio,
        "probe": probe,
    }
    roles[given.role](given)
