"""Whole runs: stops and broker failures under load, and the trail of a call through rpc, event, job and HTTP."""

import http.client
import socket
import threading
from collections import Counter

import svcrt
from probe_services import Listener, Probe, Relay, wait_until
from probe_v1 import Happened, Note, ProbeClient, RelayClient
from rabbitmq_node import RabbitMQNode
from svcrt import CallContext, DependencyProvider, WorkerContext, topology
from svcrt.amqp import AmqpLink
from svcrt.concurrency import Backend, backend
from svcrt.embedded import EmbeddedBroker
from svcrt.errors import CallError, NotSent, OutcomeUnknown, RpcTimeout
from svcrt.generated import ClientProvider
from svcrt.runner import Runner
from svcrt.testing import running
from svcrt.types import Binding, Queue


def numbered(number: int, shares: Counter[int], concurrency: Backend) -> type[Probe]:
    class Numbered(Probe):
        def again(self, *, question: str) -> Note:
            shares[number] += 1
            concurrency.sleep(0.001)
            return Note(question=question, answer=str(number))

    return Numbered


def test_messages_say_which_services_sent_them(embedded_broker_url: str) -> None:
    heard: list[str | None] = []
    calls = Queue(name="", durable=False, exclusive=True, bindings=(Binding(topology.RPC_EXCHANGE, "probe.v1.Probe"),))
    link = AmqpLink(embedded_broker_url, backend("threads"), name="ear", single=True)
    with running(Relay, Probe, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        link.start(wait=10.0)
        try:
            link.consume(calls, lambda delivery: heard.append(delivery.message.app_id), prefetch=10, no_ack=True)
            RelayClient(cluster).pass_on(question="who asks?")
            wait_until(lambda: heard)
        finally:
            link.stop()
    assert [str(each).partition("@")[0] for each in heard] == ["Relay+Probe"]


def test_a_stop_under_load_loses_no_call(broker_url: str, concurrency: Backend) -> None:
    shares: Counter[int] = Counter()
    runners = [
        Runner([numbered(number, shares, concurrency)], broker=broker_url, concurrency=concurrency.name)
        for number in range(3)
    ]
    for runner in runners:
        runner.start()
    with svcrt.connect(broker_url, concurrency=concurrency.name) as cluster:
        futures = ProbeClient(cluster).futures
        calls = [futures.again(question=str(number), timeout=30.0) for number in range(2000)]
        wait_until(lambda: len(shares) == 3 and sum(shares.values()) > 200, concurrency)
        assert runners[0].stop(10.0)
        answers = [call.result(30) for call in calls]
    assert [answer.question for answer in answers] == [str(number) for number in range(2000)]
    # Nothing ran twice either: what had not begun was handed over, not given back.
    assert sum(shares.values()) == 2000
    assert min(shares.values()) > 0
    for runner in runners[1:]:
        runner.stop(10.0)


def test_a_broker_that_restarts_under_load(fresh_node: RabbitMQNode, concurrency: Backend) -> None:
    """Every call ends, idempotent ones in an answer, the others in one of the outcomes that say what may have been."""
    with (
        running(Probe, Relay, broker=fresh_node.url, concurrency=concurrency.name),
        svcrt.connect(fresh_node.url, concurrency=concurrency.name) as cluster,
    ):
        futures = ProbeClient(cluster).futures
        idempotent = [futures.again(question=str(number), timeout=60.0) for number in range(300)]
        others = [futures.ask(question=str(number), timeout=60.0) for number in range(300)]
        # From a native thread: green threads of ours run on meanwhile.
        restart = threading.Thread(target=fresh_node.restart)
        restart.start()
        wait_until(lambda: not restart.is_alive(), concurrency)
        restart.join()
        assert [call.result(60).question for call in idempotent] == [str(number) for number in range(300)]
        ended = Counter(type(call.exception(60)) for call in others)
        assert set(ended) <= {type(None), OutcomeUnknown, NotSent, RpcTimeout}
        wait_until(lambda: _answers(ProbeClient(cluster)), concurrency)
        assert RelayClient(cluster).pass_on(question="after") == "after"


def _answers(probe: ProbeClient) -> bool:
    try:
        return probe.ask(question="x", timeout=5.0) == "x"
    except CallError:
        return False


def test_a_call_learns_at_once_that_its_connection_died(concurrency: Backend) -> None:
    entered = concurrency.flag()
    leave = concurrency.flag()

    class Stuck(Probe):
        def ask(self, *, question: str) -> str:
            entered.set()
            leave.wait(30)
            return question

    with EmbeddedBroker() as broker:
        runner = Runner([Stuck], broker=broker.url, concurrency=concurrency.name)
        runner.start()
        cluster = svcrt.connect(broker.url, concurrency=concurrency.name)
        future = ProbeClient(cluster).futures.ask(question="x", timeout=60.0)
        assert entered.wait(10)
    assert isinstance(future.exception(20), OutcomeUnknown)
    leave.set()
    cluster.close()
    runner.stop(5.0)


class Trail(DependencyProvider[CallContext]):
    """Gives the context of the call."""

    def get_dependency(self, context: WorkerContext) -> CallContext:
        return context.call


def test_a_call_leaves_one_trail(broker_url: str, concurrency: Backend) -> None:
    seen: dict[str, CallContext] = {}

    class Asked(Probe):
        trail = Trail()

        def ask(self, *, question: str) -> str:
            seen["rpc"] = self.trail
            return question

        def remember(self, *, text: str) -> None:
            seen["job"] = self.trail

    class First(Relay):
        trail = Trail()

        def pass_on(self, *, question: str) -> str:
            seen["http"] = self.trail
            answer = self.probe.ask(question=question)
            self.publish.happened(Happened(what=answer))
            return answer

    class Hearing(Listener):
        trail = Trail()
        probe = ClientProvider(ProbeClient)

        def on_pool(self, event: Happened) -> None:
            seen["event"] = self.trail
            self.probe.remember(text=event.what)

    trace = "0af7651916cd43dd8448eb211c80319c"
    listener = socket.create_server(("127.0.0.1", 0))
    with running(Asked, First, Hearing, broker=broker_url, concurrency=concurrency.name, http=listener):
        headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "baggage": "tenant=acme"}
        got: list[tuple[int, bytes]] = []

        def get() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=10)
            connection.request("GET", "/relay/hello", headers=headers)
            answer = connection.getresponse()
            got.append((answer.status, answer.read()))
            connection.close()

        # A native thread: the standard http.client would stop the hub of the green back end.
        threading.Thread(target=get).start()
        wait_until(lambda: got and len(seen) == 4, concurrency)
    assert got == [(200, b'"hello"')]
    assert seen["rpc"].parents == (seen["http"].call_id,)
    assert seen["event"].parents == (seen["http"].call_id,)
    assert seen["job"].parents == (seen["event"].call_id, seen["http"].call_id)
    assert len({call.call_id for call in seen.values()}) == 4
    assert {call.traceparent.split("-")[1] for call in seen.values()} == {trace}
    assert len({call.traceparent for call in seen.values()}) == 4
    assert {call.baggage["tenant"] for call in seen.values()} == {"acme"}
    # The call had a deadline, and so had what it called; what outlives it has none.
    assert seen["http"].deadline is not None
    assert seen["rpc"].deadline is not None
    assert seen["event"].deadline is seen["job"].deadline is None


def test_a_killed_runner_leaves_its_work_to_others(broker_url: str, concurrency: Backend) -> None:
    entered = concurrency.flag()
    leave = concurrency.flag()

    class Stuck(Probe):
        def again(self, *, question: str) -> Note:
            entered.set()
            leave.wait(20)
            return Note(question=question, answer="too late")

    killed = Runner([Stuck], broker=broker_url, concurrency=concurrency.name)
    killed.start()
    with svcrt.connect(broker_url, concurrency=concurrency.name) as cluster:
        call = ProbeClient(cluster).futures.again(question="x", timeout=30.0)
        assert entered.wait(10)
        with running(Probe, broker=broker_url, concurrency=concurrency.name):
            killed.kill()
            assert call.result(20).answer == "x"
            leave.set()


def test_calls_give_services_time_to_come_back(concurrency: Backend) -> None:
    """An in-memory broker that is started anew knows no queue until the service has reconnected."""
    with EmbeddedBroker() as broker:
        url = broker.url
        first = Runner([Probe], broker=url, concurrency=concurrency.name)
        first.start()
        cluster = svcrt.connect(url, concurrency=concurrency.name)
        assert ProbeClient(cluster).ask(question="before") == "before"
        first.stop(5.0)
    port = int(url.rpartition(":")[2].strip("/"))
    with EmbeddedBroker(port=port):
        call = ProbeClient(cluster).futures.again(question="after", timeout=30.0)
        with running(Probe, broker=url, concurrency=concurrency.name):
            assert call.result(30).answer == "after"
        cluster.close()
