"""A broker that dies, restarts, freezes or throws everybody out: every promise holds, and both ends come back."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import waiting
from fault_ledger import DONE
from fault_site import GRACE, HEARTBEAT, Site
from rabbitmq_node import RabbitMQNode
from svcrt.testing import EmbeddedBroker

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow]

on_both_backends = pytest.mark.parametrize("concurrency", ["green", "threads"], indirect=True)


def test_killed_and_restarted_in_the_middle_of_calls_and_publishing(site: Site, node: RabbitMQNode) -> None:
    """kill -9 of the broker under calls and publishing: nothing confirmed is lost, no call runs twice or hangs."""
    with site.load(["rpc", "idempotent", "event", "oneway"] * 2) as load:
        load.wait(30)
        node.kill()
        load.wait_for_failure()
        node.start()
        load.wait(30)
    assert site.works()
    site.balance()


@on_both_backends
def test_killed_and_restarted_in_the_middle_of_handling(site: Site, node: RabbitMQNode) -> None:
    """What runs while the broker dies runs to its end: a call not twice, a job or an event at least once."""
    kinds = ["rpc", "rpc", "idempotent", "oneway", "oneway", "event", "event"]
    threads = [
        threading.Thread(target=site.order, args=[kind], kwargs={"seconds": 2.0, "within": 20.0}) for kind in kinds
    ]
    before = running(site)
    for thread in threads:
        thread.start()
    waiting.wait_until(lambda: running(site) >= before + len(kinds), what="everything running")
    node.restart()
    for thread in threads:
        thread.join(20.0 + GRACE)
    assert site.hanging() == []
    assert site.works()
    site.balance()


def running(site: Site) -> int:
    """How many handlers have begun."""
    return sum(len(entry.runs) for entry in site.ledger.read().values())


def test_a_restart_in_good_order(site: Site, node: RabbitMQNode) -> None:
    """An orderly restart of the broker costs each connection one line that it is lost and one that it is back."""
    before = len(site.service.said)
    with site.load() as load:
        load.wait(20)
        node.shut_down()
        node.start()
        load.wait(20)
    assert site.works()
    site.balance()
    said = site.service.said[before:]
    for role in ("publisher", "consumer"):
        assert said.count(f"{role}: the connection to the broker is lost") == 1, said
        assert said.count(f"{role}: connected to") == 1, said


@on_both_backends
def test_all_connections_closed_by_the_operator(site: Site, node: RabbitMQNode) -> None:
    """`rabbitmqctl close_all_connections` under load: all come back by themselves, and the log says why they went."""
    before = len(site.service.said)
    with site.load() as load:
        load.wait(20)
        node.rabbitmqctl("close_all_connections", "--vhost", site.vhost, "maintenance")
        load.wait(20)
    assert site.works()
    site.balance()
    assert "CONNECTION_FORCED - maintenance" in site.service.said[before:]


@pytest.fixture
def site_of_two(node: RabbitMQNode, embedded_broker: EmbeddedBroker, link: str, tmp_path: Path) -> Iterator[Site]:
    """A site that knows the node as the first of two brokers, which have nothing to do with each other."""
    with Site([node.fresh_vhost(), embedded_broker.url], tmp_path, concurrency="green", link=link) as site:
        assert site.works()
        yield site


def test_frozen_for_long_with_a_second_broker(node: RabbitMQNode, site_of_two: Site) -> None:
    """A broker that freezes is noticed within two heartbeats; both go on with the second one before it wakes."""
    site = site_of_two
    site.balance()
    before = len(site.service.said)
    with site.load(["rpc", "idempotent"]) as load:
        load.wait(20)
        with node.frozen():
            begun = time.monotonic()
            for role in ("publisher", "consumer"):
                silent = rf"{role}: the connection to the broker is lost: the broker has been silent"
                site.service.wait_for(silent, since=before)
            assert time.monotonic() - begun < 2 * HEARTBEAT + GRACE
            load.wait(20)
            assert site.works(), "while the first is frozen"
        load.wait(20)
    assert site.works()
    site.balance()


@pytest.mark.parametrize("resource", ["memory", "disk"])
def test_alarm(site: Site, node: RabbitMQNode, resource: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """During an alarm nothing hangs past its deadline and nothing confirmed is lost; what may wait goes on after it."""
    alarm, over = {
        "memory": (["set_vm_memory_high_watermark", "0.000001"], ["set_vm_memory_high_watermark", "0.8"]),
        "disk": (["set_disk_free_limit", "1000000000000000"], ["set_disk_free_limit", "1000000"]),
    }[resource]
    before = len(site.service.said)
    outcomes: dict[str, str] = {}
    waits = [
        threading.Thread(target=lambda kind=kind: outcomes.update({kind: site.order(kind)}))
        for kind in ("oneway", "event")
    ]
    node.rabbitmqctl(*alarm)
    try:
        # The broker tells of it whoever publishes next; that call may be lost in it.
        assert site.order("rpc", within=1.0) in {"RpcTimeout", "OutcomeUnknown", "NotSent"}
        assert site.order("rpc", within=0.5) == "NotSent"
        assert site.order("idempotent", within=0.5) == "NotSent"
        with monkeypatch.context() as shorter:
            shorter.setattr("svcrt.amqp.caller.PUBLISH_TIMEOUT", 1.0)
            began = time.monotonic()
            assert site.order("event") in {"NotSent", "OutcomeUnknown"}
            assert 0.9 < time.monotonic() - began < 1.0 + GRACE
        began = time.monotonic()
        for thread in waits:
            thread.start()
        assert site.order("rpc", within=0.5) == "NotSent"
        assert outcomes == {}, "they may wait ten seconds"
    finally:
        node.rabbitmqctl(*over)
        took = time.monotonic() - began
        for thread in waits:
            if thread.ident is not None:
                thread.join(10.0 + GRACE)
    if took < 8.0:
        assert outcomes == {"oneway": DONE, "event": DONE}
    assert site.works()
    site.balance()
    assert site.service.said[before:].count("the broker takes nothing at present") <= 1
