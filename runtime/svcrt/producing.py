"""The producing side of a stream, whatever carries it: items as far as there is credit, and every way to end."""

import logging
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import cast

from svcrt.errors import Interrupted
from svcrt.types import Concurrency, Flag, LongWorker

log = logging.getLogger("svcrt.worker")

GRACE = 1.0
"""Seconds that a method whose stream is over may take to yield, where it is closed, before it is interrupted."""


class Ending(Enum):
    """Why a stream ends before its method does."""

    CLOSED = "the client has closed the stream"
    GONE = "the client has gone"
    LOST = "the serving instance has lost its connection"
    STOPPING = "the serving instance is stopping"


class Producer:
    """What runs in the worker of a stream (`drive`), and what others tell it. Every other method from any task.

    Args:
        send: takes one item; called in the worker.
        credit: items that may be sent at first.
        limit: greatest credit at a time.
        on_stuck: called when the method waits, cannot be interrupted (native threads) and so will not end soon.
    """

    def __init__(
        self,
        concurrency: Concurrency,
        send: Callable[[object], None],
        *,
        credit: int,
        limit: int,
        on_stuck: Callable[[], None],
    ) -> None:
        self.worker: LongWorker | None = None
        """To be set when it has been spawned."""
        self._concurrency = concurrency
        self._send = send
        self._credit = credit
        self._limit = limit
        self._on_stuck = on_stuck
        self._lock = concurrency.lock()
        self._wake: Flag | None = None
        self._ending: Ending | None = None
        self._is_closing = False

    @property
    def ending(self) -> Ending | None:
        """Why it ends early; None as long as it does not."""
        return self._ending

    def grant(self, items: int) -> None:
        """Allow further items."""
        with self._lock:
            self._credit = min(self._credit + items, self._limit)
            if self._credit > 0:
                self._wake_up()

    def end(self, ending: Ending) -> bool:
        """End it early: at the method's next `yield`, or where it waits. Tell whether this is news."""
        with self._lock:
            if self._ending is not None:
                return False
            self._ending = ending
            self._wake_up()
        self._concurrency.call_later(GRACE, self._insist)
        return True

    def drive(self, produced: object) -> None:
        """Send what the method gave to iterate over, then close it: its `finally` runs here, in the worker.

        Raises:
            Interrupted: the stream was ended early.
        """
        items: Iterator[object] = iter(cast("Iterable[object]", produced))
        try:
            while self._may_go_on():
                try:
                    item = next(items)
                except StopIteration:
                    return
                self._send(item)
        finally:
            self._is_closing = True
            close = getattr(items, "close", None)
            if close is not None:
                close()
        assert self._ending is not None
        raise Interrupted(self._ending.value)

    def _may_go_on(self) -> bool:
        while True:
            with self._lock:
                if self._ending is not None:
                    return False
                if self._credit > 0:
                    self._credit -= 1
                    return True
                wake = self._wake = self._concurrency.flag()
            wake.wait()

    def _wake_up(self) -> None:
        wake, self._wake = self._wake, None
        if wake is not None:
            wake.set()

    def _insist(self) -> None:
        # In a task of its own: this is a clock's, and an interrupted green thread runs on at once.
        self._concurrency.spawn(self._interrupt, name="interrupt of a stream")

    def _interrupt(self) -> None:
        if not self._is_closing and self.worker is not None and not self.worker.interrupt():
            self._on_stuck()
