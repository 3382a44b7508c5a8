"""A ledger of what was asked for and what was run, over any number of processes and their deaths: does it balance?"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["ALLOWED", "DONE", "Entry", "Ledger"]

DONE = "done"
"""How an order ended that was answered, or confirmed."""

_CALL = frozenset({DONE, "NotSent", "UnknownService", "Overloaded", "RpcTimeout", "OutcomeUnknown", "DeadlineExceeded"})
_SEND = frozenset({DONE, "NotSent", "UnknownService", "Overloaded", "OutcomeUnknown"})
ALLOWED: Mapping[str, frozenset[str]] = {
    "rpc": _CALL,
    "idempotent": _CALL,
    "oneway": _SEND,
    # Nobody has to listen to an event: that nobody does is no outcome of its own.
    "event": _SEND - {"UnknownService"},
    # An event whose handler never comes to its end.
    "doomed": _SEND - {"UnknownService"},
}
"""What each kind of order may end in: `DONE`, or the name of the exception's class."""

_CHUNK = 1024 * 1024
_INNOCENT = "svc.Poison"
"""What was cut off three times is parked although nothing is wrong with it: documented, and not lost."""
_NEVER_RAN = frozenset({"NotSent", "UnknownService", "Overloaded", "DeadlineExceeded"})
"""Outcomes that promise that nothing ran."""


@dataclass(slots=True)
class Entry:
    """One order: a call, a job or an event.

    Attributes:
        kind: a key of `ALLOWED`; empty for what ran without having been asked for.
        within: seconds in which it had to end.
        begun: when it was handed in (monotonic; one clock for all processes of a machine).
        ended: when it ended, once for each time that it did.
        outcomes: how, in the same order.
        runs: who ran it, once for each time that a handler began.
        finished: how many of them came to their end.
    """

    kind: str = ""
    within: float = 0.0
    begun: float = 0.0
    ended: list[float] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    finished: int = 0

    @property
    def confirmed(self) -> bool:
        """Whether whoever handed it in was told that it is done."""
        return DONE in self.outcomes


class Ledger:
    """Lines in a file that any process may append to; what a process has noted survives its SIGKILL.

    Args:
        path: of the file, which need not exist.
        by: who writes; shown as the runner of what it runs.
    """

    def __init__(self, path: Path, by: str = "") -> None:
        self.path = path
        self._by = by or f"process {os.getpid()}"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._entries: dict[str, Entry] = {}
        self._rest = b""
        self._at = 0
        self._reading = threading.Lock()

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def begin(self, kind: str, key: str, *, within: float) -> None:
        """Note that `key` is handed in now and has to end `within` seconds."""
        self._note("begun", key, kind=kind, within=within)

    def end(self, key: str, outcome: BaseException | str = DONE) -> None:
        """Note how it ended."""
        self._note("ended", key, outcome=outcome if isinstance(outcome, str) else type(outcome).__name__)

    def run(self, key: str) -> None:
        """Note that a handler begins with it."""
        self._note("run", key, by=self._by)

    def finish(self, key: str) -> None:
        """Note that the handler has come to its end."""
        self._note("finished", key)

    def _note(self, what: str, key: str, **more: object) -> None:
        line = json.dumps({"what": what, "key": key, "at": time.monotonic(), **more}) + "\n"
        # One write of one line: appended as a whole, whoever else writes.
        os.write(self._file, line.encode())

    def read(self) -> dict[str, Entry]:
        """Return what all have noted, by key. It goes on reading where it ended last: it may be called often."""
        with self._reading:
            while data := os.pread(self._file, _CHUNK, self._at):
                self._at += len(data)
                # Of a line that is being written the beginning may be seen already.
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._enter(json.loads(line))
            return dict(self._entries)

    def _enter(self, note: dict[str, Any]) -> None:
        entry = self._entries.setdefault(note["key"], Entry())
        match note["what"]:
            case "begun":
                entry.kind, entry.within, entry.begun = note["kind"], note["within"], note["at"]
            case "ended":
                entry.ended.append(note["at"])
                entry.outcomes.append(note["outcome"])
            case "run":
                entry.runs.append(note["by"])
            case "finished":
                entry.finished += 1

    def outcomes(self, prefix: str = "") -> Counter[str]:
        """Count the outcomes of the orders whose key begins so."""
        entries = self.read()
        return Counter(each for key in entries if key.startswith(prefix) for each in entries[key].outcomes)

    def clear(self) -> None:
        """Forget all of it, in the file too; nobody may be writing."""
        with self._reading:
            os.ftruncate(self._file, 0)
            self._entries, self._rest, self._at = {}, b"", 0

    def unheard(self, *, parked: Collection[str] = ()) -> list[str]:
        """Return what was confirmed and has neither run to its end yet nor been found `parked`."""
        return [
            key for key, entry in self.read().items() if entry.confirmed and not entry.finished and key not in parked
        ]

    def faults(
        self, *, grace: float, lost: Collection[str] = (), parked: Mapping[str, str] = MappingProxyType({})
    ) -> list[str]:
        """Return every broken promise as a sentence; empty when the ledger balances.

        Args:
            grace: seconds by which an order may end too late: what a loaded machine takes.
            lost: keys that may have got lost after they were confirmed, because the queue was deleted.
            parked: what was found parked, which only what is doomed may be: by key, what it says of itself.
        """
        return [
            fault
            for key, entry in self.read().items()
            for fault in (
                *_faults_of(key, entry, grace, key in lost or key in parked),
                *_misplaced(key, entry, parked.get(key)),
            )
        ]


def _misplaced(key: str, entry: Entry, parked: str | None) -> Iterable[str]:
    if not entry.kind:
        return
    what = f"{entry.kind} {key}"
    if entry.kind == "doomed" and entry.confirmed and parked is None:
        yield f"{what} was confirmed and was not parked"
    if entry.kind != "doomed" and parked is not None and f"svc-error={_INNOCENT}" not in parked:
        ran = f"it ran {len(entry.runs)} times, {entry.finished} to its end"
        yield f"{what} is parked, though nothing is wrong with it; {ran}: {parked}"


def _faults_of(key: str, entry: Entry, grace: float, may_be_lost: bool) -> Iterable[str]:
    what = f"{entry.kind} {key}"
    if not entry.kind:
        yield f"{key} ran {len(entry.runs)} times and nobody had asked for it"
        return
    if len(entry.outcomes) != 1:
        yield f"{what} ended {len(entry.outcomes)} times: {entry.outcomes}"
    for outcome, at in zip(entry.outcomes, entry.ended, strict=True):
        if outcome not in ALLOWED[entry.kind]:
            yield f"{what} ended in {outcome}, which is none of its outcomes"
        if at - entry.begun > entry.within + grace:
            yield f"{what} ended in {outcome} after {at - entry.begun:.1f} s, beyond its {entry.within:g} s"
        if outcome in _NEVER_RAN and entry.runs and entry.kind != "idempotent":
            yield f"{what} ended in {outcome}, yet it ran ({', '.join(entry.runs)})"
    if entry.confirmed and not entry.finished and not may_be_lost and entry.kind != "doomed":
        yield f"{what} was confirmed and never ran to its end"
    if entry.kind == "rpc" and len(entry.runs) > 1:
        yield f"{what} is not idempotent and ran {len(entry.runs)} times ({', '.join(entry.runs)})"
