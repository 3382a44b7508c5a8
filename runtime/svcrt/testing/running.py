"""Running services inside a test."""

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from svcrt.concurrency import backend
from svcrt.errors import StartError
from svcrt.middleware import Middleware
from svcrt.runner import DEFAULT_DRAIN, DEFAULT_WORKERS, Runner
from svcrt.topology import CLASSIC


@contextmanager
def running(
    *service_classes: type[Any],
    broker: str | Sequence[str],
    concurrency: str = "threads",
    config: Mapping[str, Any] | None = None,
    max_workers: int = DEFAULT_WORKERS,
    middleware: Sequence[Middleware] = (),
    http: socket.socket | None = None,
    origins: Sequence[str] = (),
    encoding: str = "json",
    queues: str = CLASSIC,
    drain: float = DEFAULT_DRAIN,
    ready_within: float = 10.0,
) -> Iterator[Runner]:
    """Run services in this process for the time of a `with` block, as `svcgen run` would.

    Args:
        broker: URL of the broker, a real or an embedded one.
        concurrency: `threads`, or `green` where the test process runs on eventlet.
        http: a bound, listening socket for the services' HTTP members.
        origins: whose pages may open web sockets beside our own; `*` for all.
        encoding: `json` or `msgpack`, for what the services send.
        queues: `classic` or `quorum`, for jobs and events.
        drain: seconds that running work may take at the end.
        ready_within: seconds until they must be ready.

    Raises:
        StartError: they do not start, or are not ready in time.
    """
    runner = Runner(
        service_classes,
        broker=broker,
        concurrency=concurrency,
        config=config,
        max_workers=max_workers,
        middleware=middleware,
        http=http,
        origins=origins,
        encoding=encoding,
        queues=queues,
    )
    runner.start()
    try:
        deadline = time.monotonic() + ready_within
        while not runner.ready:
            if time.monotonic() > deadline:
                raise StartError(f"the services are not ready after {ready_within:g} s")
            backend(concurrency).sleep(0.01)
        yield runner
    finally:
        runner.stop(drain)
