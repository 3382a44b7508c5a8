"""Services on quorum queues: they run, nothing is lost with a broker that is killed, the broker's limit parks."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

import svcrt
from amqp_client import connect
from probe_services import Listener, Probe, wait_until
from probe_v1 import Happened, ProbeClient, contract
from rabbitmq_node import RabbitMQNode
from svcrt import topology
from svcrt.amqp import AmqpLink
from svcrt.cli.dead_letters import DeadQueues
from svcrt.cli.giving_back import Retry
from svcrt.concurrency import Backend, backend
from svcrt.testing import running
from svcrt.types import Message

SERVICE = "probe.v1.Probe"
JOBS = topology.job_queue(SERVICE, topology.QUORUM).name
DEAD = topology.dead_queue(SERVICE, queue_type=topology.QUORUM).name


@pytest.fixture
def link(broker_url: str) -> Iterator[AmqpLink]:
    link = AmqpLink(broker_url, backend("threads"), name="test", single=True)
    link.start(wait=20.0)
    yield link
    link.stop()


def lying(link: AmqpLink, queue: str) -> list[Message]:
    with link.holding(queue, limit=100, timeout=30.0) as held:
        return [each.message for each in held.messages] if held else []


def test_jobs_and_events_run_and_failures_are_parked(broker_url: str, link: AmqpLink, concurrency: Backend) -> None:
    heard: list[str] = []

    class Failing(Probe):
        def remember(self, *, text: str) -> None:
            raise LookupError(text)

    class Hearing(Listener):
        def on_pool(self, event: Happened) -> None:
            heard.append("pool")

        def on_broadcast(self, event: Happened) -> None:
            heard.append("broadcast")

        def on_singleton(self, event: Happened) -> None:
            heard.append("singleton")

    with (
        running(Failing, Hearing, broker=broker_url, concurrency=concurrency.name, queues="quorum"),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        ProbeClient(cluster).remember(text="this")
        cluster.emit(contract.HAPPENED, Happened(what="x"))
        assert ProbeClient(cluster).ask(question="alive") == "alive"
        wait_until(lambda: len(heard) == 3 and lying(link, DEAD), concurrency)
    assert sorted(heard) == ["broadcast", "pool", "singleton"]
    (parked,) = lying(link, DEAD)
    assert parked.headers["svc-dead-queue"] == JOBS
    # Looking does not wear it out, as it would where the broker counts to 20.
    for _ in range(25):
        assert len(lying(link, DEAD)) == 1
    assert link.inspect(topology.dead_queue(SERVICE).name, timeout=30.0) is None


def test_what_reaches_the_brokers_limit_is_parked_and_can_be_retried(broker_url: str, link: AmqpLink) -> None:
    done: list[str] = []

    class Remembering(Probe):
        def remember(self, *, text: str) -> None:
            done.append(text)

    with running(Remembering, broker=broker_url, queues="quorum"):
        """Declares what there is."""
    with svcrt.connect(broker_url) as cluster:
        ProbeClient(cluster).remember(text="this")
    raw = connect(broker_url)
    channel = raw.channel()
    rejected = 0
    while not lying(link, DEAD):
        message = channel.basic_get(JOBS)
        if message is not None:
            channel.basic_reject(message.delivery_tag, requeue=True)
            rejected += 1
    raw.close()
    assert rejected == topology.DELIVERY_LIMIT + 1
    queues = DeadQueues(link, [SERVICE])
    (letter,) = queues.find().letters
    assert (letter.error, letter.queue, letter.message.type) == ("delivery_limit", JOBS, "remember")
    assert Retry(queues).run([letter]).done == 1
    assert lying(link, DEAD) == []
    with running(Remembering, broker=broker_url, queues="quorum"):
        wait_until(lambda: done)
    assert done == ["this"]


def test_a_broker_that_is_killed_loses_neither_what_waits_nor_what_runs(
    fault_node: RabbitMQNode, green: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    url = fault_node.fresh_vhost()
    begun: list[str] = []
    done: list[str] = []
    go_on = green.flag()

    class Remembering(Probe):
        def remember(self, *, text: str) -> None:
            begun.append(text)
            go_on.wait(60.0)
            done.append(text)

    options: dict[str, Any] = {"broker": url, "concurrency": "green", "queues": "quorum"}
    with running(Remembering, max_workers=1, **options) as runner, caplog.at_level(logging.ERROR):
        with svcrt.connect(url, concurrency="green") as cluster:
            for text in "abc":
                ProbeClient(cluster).remember(text=text)
        wait_until(lambda: begun == ["a"], green)
        # RabbitMQ notes half a second later which quorum queues there are. Killed before, it comes back with one that
        # has a name and answers nothing.
        fault_node.rabbitmqctl("eval", "[ok = dets:sync(Table) || Table <- dets:all()].")
        fault_node.restart()
        wait_until(lambda: runner.ready, green, within=60.0)
        go_on.set()
        wait_until(lambda: set(done) == set("abc"), green)
    # The one that ran while the broker died may have ended before it came again; the others ran once.
    assert sorted(done.count(text) for text in "bc") == [1, 1]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
