"""Implementations of `probe_v1` that the runtime's tests derive from and change, and how tests wait."""

import time
from collections.abc import Callable

from probe_v1 import ClockBase, Happened, ListenerBase, Note, ProbeBase, RelayBase
from svcrt.concurrency import Backend, backend

WITHIN = 30.0
"""Seconds after which a condition that a test waits for is a failure."""


class Probe(ProbeBase):
    """Answers with the question."""

    def ask(self, *, question: str) -> str:
        return question

    def again(self, *, question: str) -> Note:
        return Note(question=question, answer=question)

    def one_at_a_time(self, *, question: str) -> None:
        return None

    def remember(self, *, text: str) -> None:
        return None


class Relay(RelayBase):
    """Asks the probe."""

    def pass_on(self, *, question: str) -> str:
        return self.probe.ask(question=question)


class Listener(ListenerBase):
    """Hears and forgets."""

    def on_pool(self, event: Happened) -> None:
        return None

    def on_broadcast(self, event: Happened) -> None:
        return None

    def on_singleton(self, event: Happened) -> None:
        return None


class Clock(ClockBase):
    """Ticks and forgets."""

    def tick(self) -> None:
        return None

    def beat(self) -> None:
        return None


def wait_until(condition: Callable[[], object], concurrency: Backend | None = None) -> None:
    """Wait until `condition()` is true, letting green threads run."""
    chosen = concurrency or backend("threads")
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        chosen.sleep(0.005)


__all__ = ["Clock", "Listener", "Probe", "Relay", "wait_until"]
