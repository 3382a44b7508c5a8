"""Deadlines of many open things with one alarm: a heap, since a timer per call costs a tenth of the throughput."""

import heapq
import time
from collections.abc import Callable

from svcrt.types import Alarm, Concurrency

_SLACK = 0.001
"""Seconds that an alarm may be late before it is set anew."""
_COMPACT_ABOVE = 1024
"""Entries of things long done are thrown away when there are more than this and they are most."""


class Deadlines:
    """Calls `on_due(key)` when the time of a key has come, unless `is_open(key)` says that it is done.

    Args:
        is_open: whether a key still waits.
        on_due: must not block.
    """

    def __init__(
        self, concurrency: Concurrency, *, is_open: Callable[[int], bool], on_due: Callable[[int], None]
    ) -> None:
        self._concurrency = concurrency
        self._is_open = is_open
        self._on_due = on_due
        self._lock = concurrency.guard()
        self._heap: list[tuple[float, int]] = []
        self._compact_at = _COMPACT_ABOVE
        self._alarm: Alarm | None = None
        self._alarm_at = float("inf")
        self._closed = False

    def add(self, due: float, key: int) -> None:
        """Watch `key`; `due` is on the clock of `time.monotonic`, in seconds."""
        # Atomic: it compares numbers only.
        heapq.heappush(self._heap, (due, key))
        if due < self._alarm_at - _SLACK or len(self._heap) > self._compact_at:
            with self._lock:
                self._look(due)

    def _look(self, due: float) -> None:
        if len(self._heap) > self._compact_at:
            # In place, since others may push meanwhile: at worst an open one is watched twice.
            kept: list[tuple[float, int]] = []
            for _ in range(len(self._heap)):
                entry = heapq.heappop(self._heap)
                if self._is_open(entry[1]):
                    kept.append(entry)
            for entry in kept:
                heapq.heappush(self._heap, entry)
            self._compact_at = max(_COMPACT_ABOVE, 2 * len(self._heap))
        if due < self._alarm_at - _SLACK and not self._closed:
            self._set_alarm(due)

    def close(self) -> None:
        """Watch nothing any more."""
        with self._lock:
            self._closed = True
            self._heap.clear()
            if self._alarm is not None:
                self._alarm.cancel()

    def _set_alarm(self, due: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = due
        self._alarm = self._concurrency.call_later(max(0.0, due - time.monotonic()), self._ring)

    def _ring(self) -> None:
        passed: list[int] = []
        with self._lock:
            self._alarm, self._alarm_at = None, float("inf")
            now = time.monotonic()
            while self._heap:
                due, key = heapq.heappop(self._heap)
                if self._is_open(key):
                    if due > now + _SLACK:
                        heapq.heappush(self._heap, (due, key))
                        if not self._closed:
                            self._set_alarm(due)
                        break
                    passed.append(key)
        for key in passed:
            self._on_due(key)
