"""The back end on native threads, for ordinary programs: nothing is patched, any thread may call anything."""

import heapq
import itertools
import logging
import os
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

from svcrt.concurrency import Connector, Poller
from svcrt.concurrency.sockets import connect_first
from svcrt.concurrency.threads_io import ThreadBaton, ThreadPoller
from svcrt.concurrency.threads_wsgi import ThreadServer
from svcrt.types import Alarm, Baton, Channel, Flag, Server, Task

__all__ = ["BACKEND"]

log = logging.getLogger("svcrt.concurrency")


class _ThreadTask:
    """A daemon thread; what its function raises is logged."""

    def __init__(self, function: Callable[..., object], arguments: tuple[object, ...], name: str) -> None:
        self._function = function
        self._arguments = arguments
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._function(*self._arguments)
        except (Exception, SystemExit, KeyboardInterrupt):
            # Let through, the last two would end the process, or this thread without a word.
            log.exception("task `%s` failed", self._thread.name)

    def join(self, timeout: float | None = None) -> bool:
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def kill(self) -> None:
        """Nothing: a native thread cannot be ended from outside."""

    def interrupt(self, error: BaseException) -> bool:
        return False


class _ThreadChannel:
    """An unbounded queue."""

    __slots__ = ("_queue",)

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def put(self, item: Any) -> None:
        self._queue.put(item)

    def get(self, timeout: float | None = None) -> Any:
        return self._queue.get(timeout=timeout)


class _ThreadAlarm:
    """One entry of the clock."""

    __slots__ = ("call",)

    def __init__(self, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        self.call: tuple[Callable[..., object], tuple[object, ...]] | None = (function, arguments)

    def cancel(self) -> None:
        self.call = None


class _Clock:
    """One thread that makes all delayed calls; it starts with the first."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._due: list[tuple[float, int, _ThreadAlarm]] = []
        self._numbers = itertools.count()
        self._started = False

    def schedule(self, seconds: float, alarm: _ThreadAlarm) -> None:
        with self._condition:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), alarm))
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="svcrt-clock", daemon=True).start()
            self._condition.notify()

    def _run(self) -> None:
        while True:
            alarm = self._next()
            call = alarm.call
            if call is None:
                continue
            try:
                call[0](*call[1])
            except Exception:
                log.exception("a delayed call failed")

    def _next(self) -> _ThreadAlarm:
        with self._condition:
            while True:
                left = self._due[0][0] - time.monotonic() if self._due else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._due)[2]
                self._condition.wait(left)


class _Threads:
    """See `svcrt.concurrency.Backend`."""

    name = "threads"

    def __init__(self) -> None:
        self._clock = _Clock()

    def spawn(self, function: Callable[..., object], *arguments: object, name: str) -> Task:
        return _ThreadTask(function, arguments, name)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def flag(self) -> Flag:
        return threading.Event()

    def lock(self) -> AbstractContextManager[object]:
        return threading.Lock()

    def channel(self) -> Channel[Any]:
        return _ThreadChannel()

    def call_later(self, seconds: float, function: Callable[..., object], *arguments: object) -> Alarm:
        alarm = _ThreadAlarm(function, arguments)
        self._clock.schedule(seconds, alarm)
        return alarm

    def serve(
        self, listener: socket.socket, application: Callable[..., Any], *, max_clients: int, head_seconds: float
    ) -> Server:
        return ThreadServer(listener, application, max_clients, head_seconds)

    def adopt_driver(self, name: str) -> None:
        """Nothing: a thread that waits inside C has let go of the interpreter."""

    def guard(self) -> AbstractContextManager[object]:
        return threading.Lock()

    def baton(self) -> Baton[Any]:
        return ThreadBaton()

    def poller(self) -> Poller:
        return ThreadPoller()

    def connect(self, host: str, port: int, *, timeout: float) -> Connector:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        poller = ThreadPoller()
        try:
            return connect_first(addresses, socket.socket, poller, timeout=timeout)
        finally:
            poller.close()

    def beside(self, function: Callable[[], float]) -> Callable[[], None]:
        return lambda: None

    def on_signal(self, numbers: Iterable[int], callback: Callable[[int], None]) -> Callable[[], None]:
        def handle(number: int, _frame: object) -> None:
            # The handler interrupts the main thread, which may hold any lock.
            self.spawn(callback, number, name="svcrt-signal")

        former = {number: signal.signal(number, handle) for number in numbers}

        def restore() -> None:
            for number, handler in former.items():
                signal.signal(number, handler)

        return restore

    def renew(self) -> None:
        """Start anew in a forked process, where no thread of the parent's runs, its clock neither."""
        self._clock = _Clock()


BACKEND = _Threads()
os.register_at_fork(after_in_child=BACKEND.renew)
