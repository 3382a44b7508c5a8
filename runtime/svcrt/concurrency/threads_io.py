"""What knows native threads: waiting in poll(2), working in the thread that reads, handing over by a lock."""

import logging
import os
import select
import threading
import time
from _thread import allocate_lock
from collections.abc import Callable
from typing import Any

__all__ = ["ThreadBaton", "ThreadPoller"]

log = logging.getLogger("svcrt.concurrency")

_TURN_SECONDS = 0.002
_MASK = select.POLLIN | select.POLLERR | select.POLLHUP | select.POLLNVAL


class ThreadPoller:
    """Waits in poll(2) for the descriptor and for a pipe that `wake` writes to."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._lock = threading.Lock()
        self._woken = False
        self._closed = False
        self._poll = select.poll()
        self._poll.register(self._reader, select.POLLIN)
        self._working = 0
        self._batch: list[Callable[[], None]] = []

    def wait(self, descriptor: int | None, *, read: bool = True, write: bool, timeout: float) -> None:
        """See `svcrt.concurrency.Poller`."""
        if descriptor is not None:
            self._poll.register(descriptor, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
        try:
            self._take_wake_up(self._poll.poll(max(timeout, 0.0) * 1000.0))
        finally:
            if descriptor is not None:
                self._poll.unregister(descriptor)

    def serve(self, descriptor: int, on_readable: Callable[[], bool], *, write: bool, timeout: float) -> None:
        """See `svcrt.concurrency.Poller`; `on_readable` runs in this thread."""
        deadline = time.monotonic() + timeout
        self._poll.register(descriptor, select.POLLIN | (select.POLLOUT if write else 0))
        try:
            while True:
                left = deadline - time.monotonic()
                events = self._poll.poll(max(left, 0.0) * 1000.0)
                is_woken = self._take_wake_up(events)
                event = next((event for ready, event in events if ready == descriptor), 0)
                needs_owner = bool(event & _MASK) and self._work(on_readable)
                if needs_owner or is_woken or event & select.POLLOUT or left <= 0.0:
                    return
        finally:
            self._poll.unregister(descriptor)

    def _take_wake_up(self, events: list[tuple[int, int]]) -> bool:
        for ready, _ in events:
            if ready == self._reader:
                os.read(self._reader, 64)
                # Cleared before the caller looks at its queues: what is put after that look wakes again.
                self._woken = False
                return True
        return False

    def _work(self, on_readable: Callable[[], bool]) -> bool:
        self._working = threading.get_ident()
        try:
            return on_readable()
        finally:
            self._working = 0
            batch, self._batch = self._batch, []
            for callback in batch:
                _guarded(callback)

    def defer(self, callback: Callable[[], None], at_once: Callable[[float], bool]) -> None:
        """See `svcrt.concurrency.Poller`: at the end of what this thread is reading, or else at once."""
        if self._working == threading.get_ident() and not at_once(_TURN_SECONDS):
            self._batch.append(callback)
        else:
            _guarded(callback)

    def wake(self) -> None:
        """See `svcrt.concurrency.Poller`."""
        if not self._woken:
            with self._lock:
                if not self._closed:
                    self._woken = True
                    os.write(self._writer, b"w")

    def close(self) -> None:
        """See `svcrt.concurrency.Poller`."""
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._reader)
                os.close(self._writer)


def _guarded(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:
        log.exception("a deferred call failed")


class ThreadBaton:
    """See `svcrt.concurrency.Baton`. A bare lock: a condition would cost several of them per hand-over."""

    __slots__ = ("_lock", "_value")

    def __init__(self) -> None:
        self._value: Any = None
        self._lock = allocate_lock()
        self._lock.acquire()

    def give(self, value: Any) -> None:
        """Hand over."""
        self._value = value
        self._lock.release()

    def take(self, timeout: float | None = None) -> Any:
        """Wait for what is given."""
        if not self._lock.acquire(True, -1 if timeout is None else timeout):
            raise TimeoutError
        value, self._value = self._value, None
        return value
