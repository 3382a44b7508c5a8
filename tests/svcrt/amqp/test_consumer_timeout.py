"""RabbitMQ ends a consumer that holds a message for too long: nothing runs twice in this process, others go on."""

import logging
from collections.abc import Iterator

import pytest

import svcrt
from probe_services import Listener, Probe, wait_until
from probe_v1 import Happened, ProbeClient, contract
from rabbitmq_node import RabbitMQNode
from svcrt.concurrency import Backend
from svcrt.testing import running

pytestmark = pytest.mark.rabbitmq
TIMEOUT_MS = 1500


@pytest.fixture(scope="module")
def impatient_node() -> Iterator[RabbitMQNode]:
    """A node that wants its acknowledgements within 1.5 s, and looks twice a second (for new channels)."""
    with RabbitMQNode() as node:
        node.rabbitmqctl(
            "eval",
            f"application:set_env(rabbit, consumer_timeout, {TIMEOUT_MS}), "
            "application:set_env(rabbit, channel_tick_interval, 500).",
        )
        yield node


def told(caplog: pytest.LogCaptureFixture, queue: str) -> list[str]:
    """What the log said of the end of the consumer of `queue`."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and f"`{queue}`" in record.getMessage()
    ]


@pytest.mark.parametrize("queues", ["classic", "quorum"])
def test_a_long_job_runs_once_and_all_else_goes_on(
    impatient_node: RabbitMQNode, concurrency: Backend, queues: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = impatient_node.fresh_vhost()
    begun: list[str] = []
    done: list[str] = []
    heard: list[str] = []
    go_on = concurrency.flag()

    class Slow(Probe):
        def remember(self, *, text: str) -> None:
            begun.append(text)
            if text == "long":
                go_on.wait(60.0)
            done.append(text)

    class Hearing(Listener):
        def on_pool(self, event: Happened) -> None:
            heard.append(event.what)

    queue = f"svc.job.probe.v1.Probe{'.quorum' if queues == 'quorum' else ''}"
    with (
        running(Slow, Hearing, broker=url, concurrency=concurrency.name, queues=queues) as runner,
        svcrt.connect(url, concurrency=concurrency.name) as cluster,
    ):
        probe = ProbeClient(cluster)
        probe.remember(text="long")
        # Twice: what it adopted it must hold again.
        wait_until(lambda: len(told(caplog, queue)) == 2, concurrency)
        wait_until(lambda: runner.ready, concurrency)
        probe.remember(text="short")
        cluster.emit(contract.HAPPENED, Happened(what="x"))
        assert probe.ask(question="alive") == "alive"
        wait_until(lambda: done == ["short"] and heard == ["x"], concurrency)
        go_on.set()
        wait_until(lambda: "long" in done, concurrency)
    assert sorted(begun) == ["long", "short"]
    assert told(caplog, queue)[0] == (
        f"RabbitMQ ended the consumer of `{queue}`: a message was not acknowledged within its consumer_timeout of "
        "1.5 s. It is delivered again, to any instance; it does not run twice in this one. Raise consumer_timeout in "
        "rabbitmq.conf above the longest run, or make the handler shorter; consuming again"
    )
    # It was acknowledged: nobody gets it again.
    with running(Slow, broker=url, concurrency=concurrency.name, queues=queues):
        with svcrt.connect(url, concurrency=concurrency.name) as cluster:
            ProbeClient(cluster).remember(text="last")
        wait_until(lambda: "last" in done, concurrency)
    assert begun.count("long") == 1


def test_a_long_call_is_answered_once(
    impatient_node: RabbitMQNode, concurrency: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    url = impatient_node.fresh_vhost()
    begun: list[str] = []

    class Slow(Probe):
        def ask(self, *, question: str) -> str:
            begun.append(question)
            if question == "long":
                wait_until(lambda: told(caplog, "svc.rpc.probe.v1.Probe"), concurrency)
            return question

    with (
        running(Slow, broker=url, concurrency=concurrency.name),
        svcrt.connect(url, concurrency=concurrency.name) as cluster,
    ):
        probe = ProbeClient(cluster)
        later = probe.futures.ask(question="long", timeout=30.0)
        wait_until(later.done, concurrency)
        assert later.result() == "long"
        assert probe.ask(question="short") == "short"
    assert begun == ["long", "short"]
