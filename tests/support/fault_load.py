"""Load on the services of `journal_services`, and a record of how each call, job and event ended."""

import itertools
import threading
from types import TracebackType
from typing import Self

import svcrt
import waiting
from link_kinds import chosen
from probe_v1 import Happened, ProbeClient
from probe_v1.contract import HAPPENED
from svcrt.errors import CallError

ASK, AGAIN, JOB, EVENT = "ask", "again", "job", "event"


class Load:
    """Threads that each do one thing after the other until the end of the block.

    Args:
        kinds: what the threads do, one each: a call that may run once, an idempotent one, a job, an event.
        order: what the service is to do, see `journal_services`.
        timeout: seconds, of each call.
    """

    def __init__(
        self, url: str, link: str, *kinds: str, order: str = "sleep:0.005", timeout: float = 20.0, **options: object
    ) -> None:
        self._cluster = svcrt.connect(url, **chosen(link), **options)  # type: ignore[arg-type] # the caller's business
        self._probe = ProbeClient(self._cluster)
        self._order = order
        self._timeout = timeout
        self._is_over = threading.Event()
        self.outcomes: dict[str, dict[str, CallError | None]] = {kind: {} for kind in kinds}
        """By kind and order: the failure, None for success."""
        self._threads = [threading.Thread(target=self._work, args=each) for each in enumerate(kinds)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(waiting.WITHIN)
        try:
            assert not any(thread.is_alive() for thread in self._threads), "a call hangs past its deadline"
        finally:
            self._cluster.close()

    def _work(self, number: int, kind: str) -> None:
        for count in itertools.count():
            if self._is_over.is_set():
                return
            order = f"{self._order}:{kind}{number}-{count}"
            try:
                self._do(kind, order)
            except CallError as error:
                self.outcomes[kind][order] = error
                # A broker that is away refuses at once.
                self._is_over.wait(0.02)
            else:
                self.outcomes[kind][order] = None

    def _do(self, kind: str, order: str) -> None:
        if kind == ASK:
            assert self._probe.ask(question=order, timeout=self._timeout) == order
        elif kind == AGAIN:
            assert self._probe.again(question=order, timeout=self._timeout).answer == order
        elif kind == JOB:
            self._probe.remember(text=order)
        else:
            self._cluster.emit(HAPPENED, Happened(what=order))

    def succeeded(self, kind: str) -> set[str]:
        """The orders of this kind that ended well."""
        return {order for order, failure in list(self.outcomes[kind].items()) if failure is None}

    def failures(self, kind: str) -> dict[str, CallError]:
        """Those that did not."""
        return {order: failure for order, failure in list(self.outcomes[kind].items()) if failure is not None}

    def wait_for_more(self, count: int) -> None:
        """Wait until each kind has been done so many times more."""
        before = {kind: len(self.succeeded(kind)) for kind in self.outcomes}
        waiting.wait_until(
            lambda: all(len(self.succeeded(kind)) >= before[kind] + count for kind in before),
            what=f"{count} more of each kind; so far { ({kind: self.failures(kind) for kind in before}) }",
        )
