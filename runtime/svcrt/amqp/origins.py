"""Where calls come from, packed: what all calls made from one place have in common is written once."""

import re
import time
from collections.abc import Callable

from svcrt import identities, wire
from svcrt.context import CallContext

_VARYING = re.compile(r"v=1;id=[^;]*((?:;up=[^;]*)?);left=[0-9]+;sent=[0-9]+(.*)", re.DOTALL)


class Origin:
    """Makes the contexts of the calls, jobs and events that come from one place: a worker, or a program.

    Args:
        next_context: makes one from the seconds that it may last, None for work that outlives us.
    """

    __slots__ = ("_around", "_make", "_trace")

    def __init__(self, next_context: Callable[[float | None], CallContext], *, continues: bool) -> None:
        self._make = next_context
        self._around: tuple[str, str] | None = None
        self._trace: tuple[str, str] | None = None if continues else ("", "")

    def __call__(self, timeout: float | None) -> CallContext:
        """Return the context of the next call."""
        return self._make(timeout)

    def stamp(self, call_id: str, left_ms: int) -> bytes:
        """Return the `svc` header of the next call, as `wire.context_header` writes it.

        Args:
            left_ms: milliseconds that it may last.
        """
        around = self._around or self._learn()
        return f"v=1;id={call_id}{around[0]};left={left_ms};sent={time.time_ns() // 1_000_000}{around[1]}".encode()

    def trace(self) -> bytes:
        """Return the `traceparent` of the next call."""
        if self._trace is None:
            self._learn()
        before, after = self._trace or ("", "")
        if not before:
            return identities.new_trace().encode()
        return f"{before}{identities.new_span()}{after}".encode()

    def _learn(self) -> tuple[str, str]:
        sample = self._make(1.0)
        found = _VARYING.fullmatch(wire.context_header(sample, epoch_ms=0))
        assert found is not None, "wire.context_header and this pattern have parted"
        self._around = found[1], found[2]
        if self._trace is None:
            self._trace = sample.traceparent[:36], sample.traceparent[52:]
        return self._around
