"""A tap listens beside services that exist, and throws away what comes too fast."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from svcrt import topology
from svcrt.cli.tapping import Tap
from svcrt.errors import BrokerUnavailable
from svcrt.types import Binding, Delivery, Link, Queue, QueueState, Topology

SERVICE = "acme.v1.Orders"
CALLS = Binding(topology.RPC_EXCHANGE, SERVICE)
JOBS = Binding(topology.JOB_EXCHANGE, SERVICE)
EVENTS = Binding(topology.EVENT_EXCHANGE, "#")


@dataclass
class Subscribed:
    queue: Queue
    deliver: Callable[[Delivery], None]
    options: dict[str, Any]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


@dataclass
class FakeLink:
    """Remembers who consumes what; `existing` are the queues of the broker, None while it is away."""

    existing: set[str] | None
    consumers: list[Subscribed] = field(default_factory=list)

    def declare(self, topology: Topology) -> None:
        return None

    def consume(self, queue: Queue, on_delivery: Callable[[Delivery], None], **options: Any) -> Subscribed:
        self.consumers.append(Subscribed(queue, on_delivery, options))
        return self.consumers[-1]

    def inspect(self, queue: str, *, timeout: float) -> QueueState | None:
        if self.existing is None:
            raise BrokerUnavailable("away")
        return QueueState(messages=0, consumers=1) if queue in self.existing else None

    @property
    def bindings(self) -> list[tuple[Binding, ...]]:
        return [each.queue.bindings for each in self.consumers if not each.is_cancelled]


def opened(link: FakeLink) -> Tap:
    tap = Tap(cast("Link", link), services=[SERVICE], events=["#"])
    tap.open()
    return tap


def test_only_what_exists_gets_a_companion_and_all_are_bounded() -> None:
    link = FakeLink({topology.rpc_queue(SERVICE).name})
    opened(link)
    assert link.bindings == [(EVENTS,), (CALLS,)]
    for each in link.consumers:
        assert each.options["no_ack"]
        assert each.queue.exclusive
        assert each.queue.arguments["x-max-length"] == 1000
        assert each.queue.arguments["x-overflow"] == "drop-head"


def test_after_a_lost_connection_it_looks_again() -> None:
    queues = {topology.rpc_queue(SERVICE).name}
    link = FakeLink(queues)
    tap = opened(link)
    link.consumers[0].options["on_lost"]()
    link.existing = None
    assert tap.next(0.0) is None
    assert not tap.is_up
    assert link.bindings == [(EVENTS,)]
    link.existing = {topology.job_queue(SERVICE).name}
    link.consumers[0].options["on_lost"]()
    assert tap.next(0.0) is None
    assert link.bindings == [(EVENTS,), (JOBS,)]


def test_what_comes_too_fast_is_counted() -> None:
    link = FakeLink(set())
    tap = opened(link)
    deliveries = [cast("Delivery", object()) for _ in range(1005)]
    for delivery in deliveries:
        link.consumers[0].deliver(delivery)
    assert [tap.skipped(), tap.skipped()] == [5, 0]
    caught = [tap.next(0.0) for _ in range(1000)]
    assert [each and each.delivery for each in caught] == deliveries[5:]
    assert tap.next(0.0) is None
