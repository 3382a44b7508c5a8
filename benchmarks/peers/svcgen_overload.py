"""An open loop against svcgen: first what a service can bear, then twice that, whatever becomes of the calls."""

import sys
import threading
import time
from collections import Counter
from functools import partial

import measuring
import svcgen_rpc

QUEUE_LENGTH = 10_000
"""What the queue of a service holds before the broker refuses more (docs/wire.md)."""


def serve(options):
    """Run the service that takes ten milliseconds for each call."""
    svcgen_rpc.serve(options, "Slow")


def call(options):
    """Measure both; `--seconds` is the length of the first, and the longest that the second may take for each fill."""
    from bench.v1 import Item, SlowClient

    import svcrt

    with svcrt.connect(options.url, wait_for_service=True) as cluster:
        submit = partial(SlowClient(cluster).futures.echo, item=Item(**measuring.ITEM))
        capacity = bearable(submit, options)
        fill = QUEUE_LENGTH / capacity
        # Twice what it takes to fill the queue: as long again it is full. A quick run sees no full queue.
        seconds = min(2 * fill, options.seconds * 15)
        loop = OpenLoop(submit)
        offered = loop.offer(2 * capacity, seconds)
        loop.wait()
    report(loop, capacity=capacity, offered=offered, fill_seconds=fill)


def bearable(submit, options):
    """Return the calls per second that are answered when there is always one to be taken."""
    latencies = []
    began = time.perf_counter()
    measuring.windowed(submit, lambda each: each.result(), 4 * options.workers, began + options.seconds, latencies)
    return len(latencies) / (time.perf_counter() - began)


class OpenLoop:
    """Calls at a given rate without waiting for answers, and keeps how each call ended."""

    def __init__(self, submit):
        self._submit = submit
        self._all_ended = threading.Condition()
        self._flying = 0
        self.answered = []
        self.outcomes = Counter()

    def offer(self, rate, seconds):
        """Call `rate` times a second; return how often it really was."""
        began = now = time.perf_counter()
        sent = 0
        while now < began + seconds:
            for _ in range(int((now - began) * rate) - sent):
                self._call()
                sent += 1
            time.sleep(0.001)
            now = time.perf_counter()
        return sent / (now - began)

    def wait(self):
        """Wait until every call has ended."""
        with self._all_ended:
            self._all_ended.wait_for(lambda: not self._flying, 60)
            self.outcomes["hung"] += self._flying

    def _call(self):
        with self._all_ended:
            self._flying += 1
        self._submit().add_done_callback(partial(self._end, time.perf_counter()))

    def _end(self, began, future):
        error = future.exception(0)
        with self._all_ended:
            self._flying -= 1
            self.outcomes["answered" if error is None else type(error).__name__] += 1
            if error is None:
                self.answered.append(time.perf_counter() - began)
            if not self._flying:
                self._all_ended.notify_all()


def report(loop, **more):
    """Write the result."""
    ordered = sorted(loop.answered)
    shares = {f"p{round(share * 100)}_ms": measuring.percentile(ordered, share) * 1e3 for share in (0.5, 0.99)}
    measuring.say(outcomes=dict(loop.outcomes), **shares, **more)


if __name__ == "__main__":
    given = measuring.arguments()
    sys.exit({"serve": serve, "call": call}[given.role](given))
