"""Identities of calls and traces, and the context of work that nobody's call has caused. Pure."""

import itertools
import os
import random
import re
import time
from collections.abc import Mapping

from svcrt.context import CallContext

_USUAL = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


class CallIds:
    """Makes call ids: a random prefix per process, then a counter in hexadecimal (`k3f9…-1a`)."""

    def __init__(self, prefix: str | None = None) -> None:
        self._prefix = os.urandom(6).hex() if prefix is None else prefix
        self._numbers = itertools.count(1)

    def renew(self) -> None:
        """Choose another prefix."""
        self._prefix = os.urandom(6).hex()

    def next(self) -> str:
        """Return an id that this process has not used; from any thread."""
        return f"{self._prefix}-{next(self._numbers):x}"


_random = random.Random(os.urandom(16))


def new_trace() -> str:
    """Return a `traceparent` that begins a trace, sampled."""
    digits = _random.getrandbits(192).to_bytes(24, "big").hex()
    # Neither part may be all zeros, which a receiver takes for no trace: once in 2^64 calls it begins one of its own.
    return f"00-{digits[:32]}-{digits[32:]}-01"


def child_trace(traceparent: str) -> str:
    """Return the `traceparent` of a new span below `traceparent`; a new trace if that is malformed."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or not is_traceparent(traceparent):
        return new_trace()
    return f"00-{found[2]}-{new_span()}-{int(found[4], 16) & 1:02x}"


def is_traceparent(text: str) -> bool:
    """Whether `text` is a `traceparent` by the W3C recommendation, of this or a later version."""
    if _USUAL.fullmatch(text) is not None:
        return True
    found = _TRACEPARENT.fullmatch(text)
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5] is not None):
        return False
    return found[2].strip("0") != "" and found[3].strip("0") != ""


def new_span() -> str:
    """Return a span id: sixteen hexadecimal digits."""
    return _random.getrandbits(64).to_bytes(8, "big").hex()


CALL_IDS = CallIds()
"""The process's call ids."""

forks = 0
"""How many forks lie between the process that imported this and the present one: cheaper to ask for than its number."""


def _renew_identities() -> None:
    global forks
    forks += 1
    CALL_IDS.renew()
    _random.seed(os.urandom(16))


# The workers of a forking server would all make the ids and traces that their parent was about to make, and services
# take a second message of one id for a redelivery of the first.
os.register_at_fork(after_in_child=_renew_identities)


def root_call(
    *,
    timeout: float | None = None,
    above: str | None = None,
    authorization: str | None = None,
    baggage: Mapping[str, str] | None = None,
) -> CallContext:
    """Return the context of work that nobody's call has caused: a tick, a file, a foreign message.

    Args:
        timeout: seconds that it may take.
        above: the `traceparent` that it continues; a trace begins where it is missing or malformed.
    """
    return CallContext(
        call_id=CALL_IDS.next(),
        traceparent=new_trace() if above is None else child_trace(above),
        deadline=None if timeout is None else time.monotonic() + timeout,
        authorization=authorization,
        baggage=baggage or {},
    )
