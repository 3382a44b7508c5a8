"""Implementations of `probe_v1` that the runtime's tests derive from and change, and how tests wait."""

from probe_v1 import ClockBase, Happened, ListenerBase, Note, ProbeBase, RelayBase
from waiting import WITHIN as WITHIN
from waiting import wait_until as wait_until


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


__all__ = ["Clock", "Listener", "Probe", "Relay", "wait_until"]
