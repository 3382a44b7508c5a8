"""More than a service can bear, and requests that come a second time while they run."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import svcrt
from amqp_client import connect
from link_kinds import chosen
from probe_services import Probe, wait_until
from probe_v1 import ProbeClient
from rabbitmq_node import RabbitMQNode
from svcrt import topology
from svcrt.concurrency import Backend, backend
from svcrt.errors import Overloaded, RpcTimeout
from svcrt.runner import Runner

WORKERS = 2
ROOM = 5


class Held(Probe):
    """Begins, and ends when it may."""

    began: Counter[str]
    may_end: threading.Event
    sleep: Callable[[float], None]

    def ask(self, *, question: str) -> str:
        self.began[question] += 1
        while not self.may_end.is_set():
            Held.sleep(0.01)
        return question

    def remember(self, *, text: str) -> None:
        self.ask(question=text)


@pytest.fixture(params=["green", "threads"])
def concurrency(request: pytest.FixtureRequest) -> Backend:
    """The back end of services and client."""
    name: str = request.param
    return backend(name)


@pytest.fixture
def held(rabbitmq_vhost_url: str, link: str, concurrency: Backend, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    """A service that holds what it has begun, and whose queue has little room."""
    monkeypatch.setattr(topology, "RPC_QUEUE_LENGTH", ROOM)
    Held.began, Held.may_end, Held.sleep = Counter(), threading.Event(), concurrency.sleep
    runner = Runner(
        [Held], broker=rabbitmq_vhost_url, concurrency=concurrency.name, max_workers=WORKERS, **chosen(link)
    )
    runner.start()
    wait_until(lambda: runner.ready, concurrency)
    try:
        yield runner
    finally:
        Held.may_end.set()
        runner.stop(5.0)


def depth(url: str, queue: str) -> tuple[int, int]:
    """Return how many messages of a queue are ready, and its consumers."""
    connection = connect(url)
    try:
        found: Any = connection.channel().queue_declare(queue, passive=True)
        return found.message_count, found.consumer_count
    finally:
        connection.close()


def test_what_a_full_queue_refuses_is_told_overloaded_at_once(
    rabbitmq_vhost_url: str, link: str, concurrency: Backend, held: Runner
) -> None:
    """The workers are taken, the queue is full: one more call is told svc.Overloaded and did not run; the others do."""
    with svcrt.connect(rabbitmq_vhost_url, concurrency=concurrency.name, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        running = [probe.futures.ask(question=f"running {number}", timeout=60) for number in range(WORKERS)]
        wait_until(lambda: Held.began.total() == WORKERS, concurrency)
        waiting = [probe.futures.ask(question=f"waiting {number}", timeout=60) for number in range(ROOM)]
        wait_until(lambda: depth(rabbitmq_vhost_url, "svc.rpc.probe.v1.Probe")[0] == ROOM, concurrency)
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(Overloaded, match=r"the queue of `probe\.v1\.Probe` is full; the request did not run"):
                probe.ask(question="refused", timeout=60)
            # Not when its time is over.
            assert time.monotonic() - began < 30
        Held.may_end.set()
        assert [each.result(30) for each in running] == ["running 0", "running 1"]
        assert [each.result(30) for each in waiting] == [f"waiting {number}" for number in range(ROOM)]
        assert probe.ask(question="after") == "after"
    assert "refused" not in Held.began


def test_an_operator_may_make_a_queue_shorter_while_the_service_runs(
    rabbitmq: RabbitMQNode, rabbitmq_vhost_url: str, link: str, concurrency: Backend, held: Runner
) -> None:
    """A policy lowers the limit of one service without a restart: callers learn sooner that it is overloaded."""
    vhost, queue = rabbitmq_vhost_url.rpartition("/")[2], "svc.rpc.probe.v1.Probe"
    definition = '{"max-length": 1}'
    rabbitmq.rabbitmqctl("set_policy", "-p", vhost, "short", f"^{queue}$", definition, "--apply-to", "queues")
    wait_until(
        lambda: f"{queue}\tshort" in rabbitmq.rabbitmqctl("list_queues", "-p", vhost, "name", "policy"), concurrency
    )
    with svcrt.connect(rabbitmq_vhost_url, concurrency=concurrency.name, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        running = [probe.futures.ask(question=f"running {number}", timeout=60) for number in range(WORKERS)]
        wait_until(lambda: Held.began.total() == WORKERS, concurrency)
        waiting = probe.futures.ask(question="waiting", timeout=60)
        wait_until(lambda: depth(rabbitmq_vhost_url, queue)[0] == 1, concurrency)
        with pytest.raises(Overloaded, match="did not run"):
            probe.ask(question="refused", timeout=60)
        Held.may_end.set()
        assert [each.result(30) for each in (*running, waiting)] == ["running 0", "running 1", "waiting"]
    assert "refused" not in Held.began


def test_requests_that_outwait_their_deadline_do_not_run_and_make_room(
    rabbitmq_vhost_url: str, link: str, concurrency: Backend, held: Runner
) -> None:
    """What waits in the queue past its deadline is gone from it: it never runs, and does not delay what comes later."""
    with svcrt.connect(rabbitmq_vhost_url, concurrency=concurrency.name, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        running = [probe.futures.ask(question=f"running {number}", timeout=60) for number in range(WORKERS)]
        wait_until(lambda: Held.began.total() == WORKERS, concurrency)
        late = [probe.futures.ask(question=f"late {number}", timeout=0.3) for number in range(ROOM)]
        for each in late:
            with pytest.raises(RpcTimeout):
                each.result(30)
        wait_until(lambda: depth(rabbitmq_vhost_url, "svc.rpc.probe.v1.Probe")[0] == 0, concurrency)
        Held.may_end.set()
        assert [each.result(30) for each in running] == ["running 0", "running 1"]
        assert probe.ask(question="after", timeout=30) == "after"
    assert set(Held.began) == {"running 0", "running 1", "after"}


def test_a_redelivered_request_that_runs_here_is_neither_run_nor_answered_twice(
    rabbitmq: RabbitMQNode, rabbitmq_vhost_url: str, link: str, concurrency: Backend, held: Runner
) -> None:
    """The service loses its connections while it works: the call and the job go on, are settled by their new delivery.

    The caller, whose own connection stands, gets the one result.
    """
    with svcrt.connect(rabbitmq_vhost_url, concurrency=concurrency.name, **chosen(link)) as cluster:
        probe = ProbeClient(cluster)
        call = probe.futures.ask(question="call", timeout=60)
        probe.remember(text="job")
        wait_until(lambda: set(Held.began) == {"call", "job"}, concurrency)
        lost = close_connections(rabbitmq, rabbitmq_vhost_url, of="Probe@")
        assert len(lost) == 2
        wait_until(lambda: not lost & set(connections(rabbitmq, rabbitmq_vhost_url)), concurrency)
        wait_until(lambda: held.ready, concurrency)
        for queue in ("svc.rpc.probe.v1.Probe", "svc.job.probe.v1.Probe"):
            wait_until(lambda queue=queue: depth(rabbitmq_vhost_url, queue) == (0, 1), concurrency)  # type: ignore[misc]
        Held.may_end.set()
        assert call.result(30) == "call"
        assert probe.ask(question="after", timeout=30) == "after"
    held.stop(5.0)
    # Nothing has gone back: both were acknowledged.
    assert depth(rabbitmq_vhost_url, "svc.rpc.probe.v1.Probe") == (0, 0)
    assert depth(rabbitmq_vhost_url, "svc.job.probe.v1.Probe") == (0, 0)
    assert Held.began == {"call": 1, "job": 1, "after": 1}


def connections(node: RabbitMQNode, url: str) -> dict[str, str]:
    """Return the broker's ids of the connections to a virtual host, with what they say of themselves."""
    vhost = url.rpartition("/")[2]
    rows = node.rabbitmqctl("--no-table-headers", "list_connections", "pid", "vhost", "client_properties")
    split = [row.split("\t") for row in rows.splitlines()]
    return {pid: said for pid, where, said in split if where == vhost}


def close_connections(node: RabbitMQNode, url: str, *, of: str) -> set[str]:
    """Have the broker close those of a name that begins so; return their ids."""
    found = {pid for pid, said in connections(node, url).items() if f'"{of}' in said}
    for pid in found:
        node.rabbitmqctl("close_connection", pid, "a test")
    return found
