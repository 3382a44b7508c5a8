"""What liveness and readiness of a run are, from what its workers report."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from svcrt.cli.workers import Worker

HUNG_SECONDS = 30.0
"""A worker whose hub turns reports every two seconds; after so long without a report it does not turn."""
START_SECONDS = 120.0
"""What a worker has until its first report: it imports the application."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the admin port: the HTTP status and the JSON body."""

    status: int
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One worker, as it was when the supervisor looked."""

    name: str
    since: float
    beat_at: float | None
    missing: tuple[str, ...]

    def fault(self) -> str | None:
        """Return why it cannot be taken for alive."""
        if self.beat_at is None:
            silent, bound, what = time.monotonic() - self.since, START_SECONDS, "has not started"
        else:
            silent, bound, what = time.monotonic() - self.beat_at, HUNG_SECONDS, "has not moved"
        return f"{self.name} {what} for {silent:.0f} s" if silent > bound else None


class Health:
    """Kept by the supervisor's thread, asked by that of the admin port."""

    def __init__(self) -> None:
        self._seen: tuple[_Seen, ...] = ()
        self._is_stopping = False

    def show(self, workers: Sequence[Worker], *, is_stopping: bool) -> None:
        """Take over how things stand."""
        self._seen = tuple(
            _Seen(str(worker), worker.since, worker.beat_at, worker.missing)
            for worker in workers
            if not worker.is_leaving
        )
        self._is_stopping = is_stopping

    def live(self) -> Answer:
        """Return 200 while every worker's hub turns, 503 when a restart of the whole is the remedy."""
        faults = [] if self._is_stopping else [fault for seen in self._seen if (fault := seen.fault()) is not None]
        return _answer("live", faults, not faults)

    def ready(self) -> Answer:
        """Return 200 while requests reach a worker, else 503 and what is missing."""
        if self._is_stopping:
            return _answer("ready", ["the run is stopping"], False)
        states = [(seen.name, (fault,) if (fault := seen.fault()) else seen.missing) for seen in self._seen]
        missing = [f"{name}: {each}" for name, missing in states for each in missing]
        return _answer("ready", missing or ["no worker process runs"], any(not missing for _, missing in states))


def _answer(word: str, missing: list[str], holds: bool) -> Answer:
    return Answer(200, {word: True}) if holds else Answer(503, {word: False, "missing": missing})
