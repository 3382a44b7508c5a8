"""What every process of a benchmark shares: its arguments, the line it writes, time and CPU. Standard library only.

It runs in the environments of all peers, from Python 3.9 on. A server writes one line `{"ready": true, "pids": […]}`
when it can be called; a client writes one line with its result and ends.
"""

import argparse
import ctypes
import json
import os
import signal
import sys
import time
from collections import deque
from functools import partial

WARM_UP = 0.3
PAUSE = 0.01
"""Seconds between two attempts to reach a service that starts."""
ITEM = {"id": 4711, "name": "Teapot, blue", "price": 19.9, "active": True, "tags": ["new", "gift", "blue"]}


def die_with_parent():
    """Have the kernel end this process when the one that started it ends, however that happens (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def say(**values):
    """Write one line for the harness."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def ready(*pids):
    """Tell that the server can be called, and which processes do its work."""
    say(ready=True, pids=list(pids) or [os.getpid()])


def arguments():
    """Read the command line that all servers and clients have."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role")
    parser.add_argument("url")
    parser.add_argument("--callers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--subscribers", type=int, default=1)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--watch", action="append", default=[], help="NAME=PID,PID whose CPU time is measured, too")
    die_with_parent()
    return parser.parse_args()


def cpu_seconds(pid):
    """Return the CPU time that a process has used; 0 when it is gone.

    The clock id is the kernel's for another process (clock_getcpuclockid): exact, where /proc counts hundredths.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


class Meter:
    """Measures one stretch of work: how long each call took, and the CPU time of all processes concerned."""

    def __init__(self, options):
        self.latencies = []
        self._seconds = options.seconds
        self._watched = {"client": [os.getpid()]}
        for each in options.watch:
            name, _, pids = each.partition("=")
            self._watched[name] = [int(pid) for pid in pids.split(",")]

    def begin(self):
        """Start the clocks and return the time at which to stop."""
        self.latencies = []
        self._ended = None
        self._cpu = self._used()
        self._began = time.perf_counter()
        return self._began + self._seconds

    def freeze(self):
        """Stop the clocks; `end` may come later."""
        self._ended = time.perf_counter(), self._used()

    def end(self, **more):
        """Stop the clocks and write the result.

        Args:
            more: further values of the result; `calls` if calls were not timed one by one.
        """
        if self._ended is None:
            self.freeze()
        seconds, used = self._ended[0] - self._began, self._ended[1]
        calls = more.pop("calls", len(self.latencies))
        ordered = sorted(self.latencies)
        say(
            calls=calls,
            seconds=seconds,
            per_second=calls / seconds,
            p50_ms=percentile(ordered, 0.50) * 1e3,
            p99_ms=percentile(ordered, 0.99) * 1e3,
            cpu_us={name: (used[name] - self._cpu[name]) / max(calls, 1) * 1e6 for name in used},
            **more,
        )

    def _used(self):
        return {name: sum(cpu_seconds(pid) for pid in pids) for name, pids in self._watched.items()}


def percentile(ordered, share):
    """Return the value below which `share` of the sorted values lie."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def loop(call, until, latencies):
    """Call again and again until the time has come."""
    clock = time.perf_counter
    now = clock()
    while now < until:
        call()
        after = clock()
        latencies.append(after - now)
        now = after


def windowed(submit, wait, window, until, latencies):
    """Keep a window of calls in flight from one thread; a call ends when its turn to be looked at has come."""
    clock = time.perf_counter
    flying = deque()
    while True:
        now = clock()
        if now < until:
            flying.append((now, submit()))
        if not flying:
            return
        if len(flying) >= window or now >= until:
            began, call = flying.popleft()
            wait(call)
            latencies.append(clock() - began)


def closed_loop(options, call, run_all):
    """Warm up, then measure `callers` that each call again and again.

    Args:
        call: makes one call and checks the answer.
        run_all: `run_all([function, …])` runs all at once and returns when all have ended.
    """
    meter = Meter(options)
    until = time.perf_counter() + WARM_UP
    run_all([partial(loop, call, until, [])] * options.callers)
    until = meter.begin()
    run_all([partial(loop, call, until, meter.latencies)] * options.callers)
    meter.end()


def windowed_loop(options, submit, wait):
    """Warm up, then measure one thread that keeps `callers` calls in flight."""
    meter = Meter(options)
    windowed(submit, wait, options.callers, time.perf_counter() + WARM_UP, [])
    until = meter.begin()
    windowed(submit, wait, options.callers, until, meter.latencies)
    meter.end()


async def async_loop(options, call):
    """Warm up, then measure `callers` tasks of the running loop; `call` is a coroutine function."""
    import asyncio

    async def keep_calling(until, latencies):
        clock = time.perf_counter
        now = clock()
        while now < until:
            await call()
            after = clock()
            latencies.append(after - now)
            now = after

    meter = Meter(options)
    until = time.perf_counter() + WARM_UP
    await asyncio.gather(*(keep_calling(until, []) for _ in range(options.callers)))
    until = meter.begin()
    await asyncio.gather(*(keep_calling(until, meter.latencies) for _ in range(options.callers)))
    meter.end()


def in_threads(functions):
    """Run functions in native threads, and wait for all."""
    import threading

    if len(functions) == 1:
        functions[0]()
        return
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wait_forever():
    """Stand still until a signal ends the process."""
    while True:
        signal.pause()


class Backlog:
    """Counts handled events from the first to the last of a known number, and measures that stretch."""

    def __init__(self, options, event):
        self.done = event()
        self._left = options.count
        self._count = options.count
        self._meter = Meter(options)

    def heard(self):
        """Count one; to be called by the handler, in one thread."""
        if self._left == self._count:
            self._meter.begin()
        self._left -= 1
        if self._left == 0:
            self._meter.freeze()
            set_event(self.done)

    def report(self):
        """Write the result."""
        assert self._left == 0, f"{self._left} of {self._count} events did not come"
        self._meter.end(calls=self._count - 1)


class Turns:
    """An event that all of several subscribers have to handle before the next is announced."""

    def __init__(self, subscribers):
        self._subscribers = subscribers

    def begin(self, all_have):
        """Begin with the next, and return what is set when all have handled it."""
        self._left, self._all_have = self._subscribers, all_have
        return all_have

    def heard(self):
        """Count one; to be called by the handlers, in one thread."""
        self._left -= 1
        if self._left == 0:
            set_event(self._all_have)


def set_event(event):
    """Set a flag of ours, or send eventlet's event."""
    (event.set if hasattr(event, "set") else event.send)()


def probe(call):
    """Say that we are there, then call until there is an answer, and tell when that was on the machine's clock."""
    say(ready=True)
    while True:
        try:
            call()
        except Exception:  # whatever a peer says while nobody serves
            time.sleep(PAUSE)
        else:
            say(answered_at=time.monotonic())
            return
