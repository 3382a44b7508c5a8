"""Waiting for a condition: the one loop behind every `wait_until`, `wait_for` and `eventually` of the tests."""

import time
from collections.abc import Callable

from svcrt.concurrency import backend
from svcrt.types import Concurrency

WITHIN = 30.0
"""Seconds that anything may take on a loaded machine."""


def wait_until(
    condition: Callable[[], object],
    concurrency: Concurrency | None = None,
    *,
    what: str = "the condition",
    within: float = WITHIN,
) -> None:
    """Wait until `condition()` is true, letting green threads run; fails the test after `within` seconds."""
    chosen = concurrency or backend("threads")
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {within:g} s"
        chosen.sleep(0.005)
