"""Who called whom, until when: the context that goes along with every call, event, job, route and tick."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from svcrt.types import Container


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """On whose behalf a call is made, as it travels.

    Attributes:
        scheme: the `@auth` scheme by which that was found out.
        kind: name of the principal's type.
        claims: the principal as JSON.
    """

    scheme: str
    kind: str
    claims: str = field(repr=False)


@dataclass(slots=True, kw_only=True)
class CallContext:
    """What crosses the wire with a request. Treat it as unchangeable; it is not frozen, since that costs time per call.

    Attributes:
        call_id: this call's identity, unique per process and call.
        parents: the call ids above it, nearest first, at most ten.
        traceparent: W3C trace context of this call, always present.
        deadline: on the clock of `time.monotonic`, in seconds; None for work without one (events, jobs, ticks).
        baggage: application context that goes along unchanged, text to text.
        authorization: credential that the caller presented, as an `Authorization` header has it; None without one.
            It goes along with calls only: a job or an event would keep it on a disk until somebody looks.
        identity: whom an authenticator found behind the credential; None where none did.
    """

    call_id: str
    parents: tuple[str, ...] = ()
    traceparent: str
    deadline: float | None = None
    baggage: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = field(default=None, repr=False)
    identity: Identity | None = None

    def remaining(self) -> float | None:
        """Seconds left until the deadline, not below 0.0; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def without_deadline(self) -> "CallContext":
        """Return the same context for work that lasts longer than the time that its caller waits for it to begin."""
        return replace(self, deadline=None)

    def child(self, *, call_id: str, traceparent: str, timeout: float | None = None) -> "CallContext":
        """Return the context of a call made from this one: never more time than is left here.

        Args:
            call_id: the new call's identity.
            traceparent: of the new span (`svcrt.identities.child_trace`).
            timeout: seconds that the new call may take; None for work that outlives this call (events, jobs).
        """
        deadline = None
        if timeout is not None:
            deadline = time.monotonic() + timeout
            if self.deadline is not None:
                deadline = min(deadline, self.deadline)
        return CallContext(
            call_id=call_id,
            parents=(self.call_id, *self.parents)[:10],
            traceparent=traceparent,
            deadline=deadline,
            baggage=self.baggage,
            authorization=None if timeout is None else self.authorization,
            identity=self.identity,
        )


@dataclass(slots=True, kw_only=True, eq=False)
class WorkerContext:
    """One run of one method: what providers and middleware get.

    Attributes:
        service: full name of the service.
        method: IDL name of the method.
        call: what came with the request.
        attempt: 1 for the first run of a job or an event, more for one that may have run before; 1 for all else.
        container: the container that runs it; None in unit tests of a service built by hand.
        arguments: what the method is called with, by Python name.
        data: room for providers and middleware to leave things for each other, per worker.
    """

    service: str
    method: str
    call: CallContext
    attempt: int = 1
    container: Container | None = None
    arguments: Mapping[str, object] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)

    def remaining(self) -> float | None:
        """Seconds left until the caller's deadline, not below 0.0; None without one."""
        return self.call.remaining()
