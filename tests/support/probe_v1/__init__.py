"""What the compiler writes for `probe.v1`, by hand: the services that the runtime's tests run."""

from probe_v1.client import ProbeClient, ProbeFutures, RelayClient
from probe_v1.service import ClockBase, ListenerBase, ProbeBase, RelayBase, RelayPublisher
from probe_v1.types import Happened, Note, Refusal, RefusalFields

__all__ = [
    "Happened",
    "Note",
    "Refusal",
    "RefusalFields",
    "ClockBase",
    "ListenerBase",
    "ProbeBase",
    "RelayBase",
    "RelayPublisher",
    "ProbeClient",
    "ProbeFutures",
    "RelayClient",
]
