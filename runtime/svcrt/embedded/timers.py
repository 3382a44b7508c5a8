"""Timers on an injected clock: who drives the broker asks when the next is due and runs it."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

__all__ = ["Timer", "Timers"]


class Timer:
    """One call in the future."""

    __slots__ = ("callback", "cancelled", "due")

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Make it never run."""
        self.cancelled = True


class Timers:
    """Ordered calls in the future.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = count()

    def call_at(self, due: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` once the clock shows `due`."""
        timer = Timer(due, callback)
        heappush(self._heap, (due, next(self._order), timer))
        return timer

    def call_after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` in so many seconds."""
        return self.call_at(self.clock() + seconds, callback)

    @property
    def next_due(self) -> float | None:
        """When `run_due` has work next, by the clock; None for never."""
        while self._heap and self._heap[0][2].cancelled:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run_due(self) -> None:
        """Run what is due now; what these calls add is left for the next time."""
        now = self.clock()
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heappop(self._heap)[2])
        for timer in due:
            if not timer.cancelled:
                timer.callback()
