"""The services that svcgen runs in the benchmarks, with everything on: three providers, validation, logging."""

import logging
from datetime import UTC, datetime
from typing import Any, final

from bench.v1 import EchoBase, HearerBase, SlowBase

from svcrt import Config, DependencyProvider, Logger, Outcome, WorkerContext


class Clock(DependencyProvider[datetime]):
    """A provider with every hook of a request."""

    def get_dependency(self, context: WorkerContext) -> datetime:
        """Return the time at which the request began."""
        return datetime.now(UTC)

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        """Count, as one that commits or rolls back."""
        context.data["failed"] = outcome.error is not None

    def worker_teardown(self, context: WorkerContext) -> None:
        """Forget."""
        context.data.clear()


@final
class Echo(EchoBase):
    """Gives back what it got."""

    settings = Config()
    log = Logger()
    clock = Clock()

    def echo(self, *, item: Any) -> Any:
        """Give it back."""
        return item


@final
class Slow(SlowBase):
    """Gives back what it got, after ten milliseconds."""

    def echo(self, *, item: Any) -> Any:
        """Give it back."""
        import time

        time.sleep(0.01)  # green: `svcgen run` has patched it
        return item


@final
class Hearer(HearerBase):
    """Counts events, and logs each thousandth."""

    settings = Config()
    log = Logger()
    clock = Clock()
    count = 0

    def on_happened(self, event: Any) -> None:
        """Count."""
        Hearer.count += 1
        if Hearer.count % 1000 == 0:
            logging.getLogger("bench").info("%d events", Hearer.count)
