"""The figures of a soak: what it counted over all its rounds, and what may not grow."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fault_ledger import DONE, Entry

__all__ = ["Held", "Totals", "growth"]

_CALLS = ("rpc", "idempotent")
_SPARE_TASKS = 15
"""Workers that a process starts only when it first needs them, and tasks that end a moment later."""
_SPARE_FILES = 8
_SPARE_CHANNELS = 40
"""Channels are opened when something is first sent that way: retries, suspects and parking on each instance."""
_SPARE_KIB = 50 * 1024


@dataclass(slots=True, kw_only=True)
class Held:
    """What the broker and the processes hold at a quiet moment.

    Attributes:
        processes: figures of each, see `process_figures`.
    """

    connections: int
    channels: int
    queues: int
    processes: Mapping[str, Mapping[str, int]]


def growth(before: Held, after: Held) -> Iterable[str]:
    """Say what has grown, as sentences."""
    for name, spare in (("connections", 0), ("channels", _SPARE_CHANNELS), ("queues", 0)):
        was, now = getattr(before, name), getattr(after, name)
        if now > was + spare:
            yield f"{now} {name} where {was} were before"
    spares = {"threads": _SPARE_TASKS, "greens": _SPARE_TASKS, "files": _SPARE_FILES, "rss_kib": _SPARE_KIB}
    for process, figures in after.processes.items():
        for name, spare in spares.items():
            was = before.processes[process][name]
            if figures[name] > was + spare:
                yield f"{process} holds {figures[name]} {name} where it held {was} before"


@dataclass(slots=True, kw_only=True)
class Totals:
    """What all rounds came to."""

    seed: int
    link: str
    concurrency: str
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    again: int = 0
    parked: int = 0
    innocent: int = 0
    longest: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    rss_kib: int = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Count the orders of a round."""
        for entry in entries:
            counts = self.outcomes if entry.kind in _CALLS else self.sent
            counts.update(entry.outcomes)
            if entry.kind in _CALLS:
                self.longest = max([self.longest, *(at - entry.begun for at in entry.ended)])
            if entry.kind not in ("rpc", "doomed"):
                self.again += max(0, len(entry.runs) - 1)

    def __str__(self) -> str:
        calls = _counted(self.outcomes)
        sent = _counted(self.sent)
        return (
            f"soak: {self.seconds:.0f} s, seed {self.seed}, link {self.link}, services on {self.concurrency}: "
            f"{self.faults.total()} faults ({_counted(self.faults)}); {self.outcomes.total()} calls ({calls}), "
            f"the longest {self.longest:.1f} s; {self.sent.total()} jobs and events ({sent}), "
            f"{self.again} run again, {self.parked} parked, "
            f"{self.innocent} of them cut off three times by faults; at most {self.rss_kib / 1024:.0f} MiB in a process"
        )


def _counted(counts: Counter[str]) -> str:
    names = sorted(counts, key=lambda name: (name != DONE, -counts[name], name))
    return ", ".join(f"{counts[name]} {name}" for name in names)
