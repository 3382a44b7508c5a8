"""When a job or an event that failed is tried again: the delays of a `@retry`, and names for them. Pure."""

import random

from svcrt.contract import Retry

STEPS_MS = (1_000, 5_000, 30_000, 300_000, 1_800_000)
"""The delays where a contract names none: 1 s, 5 s, 30 s, 5 min, 30 min."""
DEFAULT = Retry(attempts=len(STEPS_MS))
"""What holds without `@retry`: five attempts after the first, 36 minutes in all."""
SHORTEST_MS = 1
LONGEST_MS = 7 * 24 * 3_600_000
JITTER = 0.1
"""By what share of a delay a message may come back early, at most."""
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1))


def delay_ms(retry: Retry | None, tried: int) -> int | None:
    """Return how long to wait, in milliseconds, once the attempt number `tried` (from 1) has failed.

    Args:
        retry: what the contract says; None for the default.

    Returns:
        None when that was the last attempt.
    """
    policy = retry or DEFAULT
    if tried > policy.attempts:
        return None
    if policy.backoff_from is None and policy.backoff_to is None:
        return STEPS_MS[min(tried, len(STEPS_MS)) - 1]
    delay = _milliseconds(policy.backoff_from, STEPS_MS[0])
    longest = max(delay, _milliseconds(policy.backoff_to, STEPS_MS[-1]))
    for _ in range(tried - 1):
        if delay == longest:
            break
        delay = min(delay * 2, longest)
    return delay


def delays_ms(retry: Retry | None) -> tuple[int, ...]:
    """Return every delay that a policy can ask for, shortest first."""
    delays: list[int] = []
    tried = 1
    while (delay := delay_ms(retry, tried)) is not None and delay not in delays:
        delays.append(delay)
        tried += 1
    return tuple(delays)


def jittered(delay: int) -> int:
    """Return a delay (milliseconds) that is shorter by chance, so that what failed together comes back apart."""
    return max(SHORTEST_MS, round(delay * random.uniform(1 - JITTER, 1)))


def spoken(delay: int) -> str:
    """Write a delay (milliseconds) as the IDL does, in its largest whole unit: `1500ms`, `90s`, `5m`."""
    unit, size = next((unit, size) for unit, size in _UNITS if delay % size == 0)
    return f"{delay // size}{unit}"


def _milliseconds(seconds: float | None, default: int) -> int:
    return default if seconds is None else min(max(round(seconds * 1000), SHORTEST_MS), LONGEST_MS)
