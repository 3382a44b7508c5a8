"""Who hears an event: one instance, every instance, one among all."""

import threading
from collections import Counter
from contextlib import ExitStack

import svcrt
from probe_services import Listener, wait_until
from probe_v1 import Happened, contract
from svcrt.concurrency import Backend
from svcrt.testing import running


def test_pool_broadcast_and_singleton_over_three_instances(broker_url: str, concurrency: Backend) -> None:
    heard: list[tuple[str, int, str]] = []
    lock = threading.Lock()

    def instance(number: int) -> type[Listener]:
        def note(kind: str, event: Happened) -> None:
            concurrency.sleep(0.002)
            with lock:
                heard.append((kind, number, event.what))

        class Numbered(Listener):
            def on_pool(self, event: Happened) -> None:
                note("pool", event)

            def on_broadcast(self, event: Happened) -> None:
                note("broadcast", event)

            def on_singleton(self, event: Happened) -> None:
                note("singleton", event)

        return Numbered

    sent = [f"event {number}" for number in range(60)]
    with ExitStack() as stack:
        for number in range(3):
            # Few at a time: else the first instance takes all that there is.
            service = running(instance(number), broker=broker_url, concurrency=concurrency.name, max_workers=2)
            stack.enter_context(service)
        cluster = stack.enter_context(svcrt.connect(broker_url, concurrency=concurrency.name))
        for what in sent:
            cluster.emit(contract.HAPPENED, Happened(what=what))
        wait_until(lambda: len(heard) >= 60 * 5, concurrency)
    by_kind = Counter(kind for kind, _, _ in heard)
    assert by_kind == {"pool": 60, "singleton": 60, "broadcast": 180}
    for kind in ("pool", "singleton"):
        assert sorted(what for one, _, what in heard if one == kind) == sorted(sent)
        assert {number for one, number, _ in heard if one == kind} == {0, 1, 2}
    for number in range(3):
        assert sorted(what for kind, by, what in heard if (kind, by) == ("broadcast", number)) == sorted(sent)


def test_events_wait_for_a_service_that_is_down(broker_url: str) -> None:
    heard: list[str] = []

    class Hearing(Listener):
        def on_pool(self, event: Happened) -> None:
            heard.append(event.what)

    with running(Listener, broker=broker_url):
        pass
    with svcrt.connect(broker_url) as cluster:
        cluster.emit(contract.HAPPENED, Happened(what="meanwhile"))
    with running(Hearing, broker=broker_url):
        wait_until(lambda: heard)
    assert heard == ["meanwhile"]


def test_an_event_that_nobody_hears_is_fine(broker_url: str) -> None:
    with svcrt.connect(broker_url) as cluster:
        cluster.emit(contract.HAPPENED, Happened(what="silence"))
