"""Handlers that raise what is no Exception, results that cannot be sent: whoever waits is told, the worker lives."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

import svcrt
from amqp_client import connect
from journal_services import EXITS
from link_kinds import chosen
from probe_services import Listener, Probe, wait_until
from probe_v1 import Happened, Note, ProbeClient
from probe_v1.contract import HAPPENED
from svcrt.concurrency import Backend, backend
from svcrt.errors import InternalError
from svcrt.runner import Runner

ROUNDS = 3
WORKERS = 2


class Unsendable:
    """No JSON can hold it, and it does not even describe itself."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def loop() -> list[Any]:
    """Return a list that holds itself."""
    found: list[Any] = []
    found.append(found)
    return found


RESULTS: dict[str, Any] = {
    "wrong type": 5,
    "nothing": None,
    "half a surrogate pair": "\ud800",
    "no JSON": Unsendable(),
    "itself": loop(),
    "more than 16 MiB": "x" * (16 * 1024 * 1024 + 1),
    "a class": Probe,
}


class Failing(Probe):
    """Raises or returns what the question names."""

    def ask(self, *, question: str) -> str:
        if question in EXITS:
            raise EXITS[question](question)
        found: str = RESULTS.get(question, question)
        return found

    def again(self, *, question: str) -> Note:
        sys.exit(question)

    def remember(self, *, text: str) -> None:
        raise EXITS[text](text)


class Deaf(Listener):
    """Fails at every event of a name that says so."""

    heard: list[str]

    def on_pool(self, event: Happened) -> None:
        if event.what in EXITS:
            raise EXITS[event.what](event.what)
        self.heard.append(event.what)


@pytest.fixture(params=["green", "threads"])
def concurrency(request: pytest.FixtureRequest) -> Backend:
    """The back end of services and client."""
    name: str = request.param
    return backend(name)


@pytest.fixture
def failing(rabbitmq_vhost_url: str, link: str, concurrency: Backend) -> Iterator[ProbeClient]:
    """A client of services with few workers, so that one that is lost is missed."""
    Deaf.heard = []
    runner = Runner(
        [Failing, Deaf],
        broker=rabbitmq_vhost_url,
        concurrency=concurrency.name,
        max_workers=WORKERS,
        **chosen(link),
    )
    runner.start()
    try:
        with svcrt.connect(rabbitmq_vhost_url, concurrency=concurrency.name, **chosen(link)) as cluster:
            yield ProbeClient(cluster)
    finally:
        runner.stop(5.0)


@pytest.mark.parametrize("name", EXITS)
def test_what_is_no_exception_ends_its_request_only(failing: ProbeClient, name: str) -> None:
    """SystemExit, KeyboardInterrupt, GeneratorExit … of a handler is its caller's InternalError; the worker lives."""
    for _ in range(ROUNDS * WORKERS):
        with pytest.raises(InternalError, match=name):
            failing.ask(question=name, timeout=20)
    with pytest.raises(InternalError, match="SystemExit"):
        failing.again(question="0", timeout=20)
    assert failing.ask(question="after", timeout=20) == "after"


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_that_cannot_be_sent_is_an_internal_error(failing: ProbeClient, name: str) -> None:
    """A result that breaks the contract or the limits reaches the caller as InternalError; the worker lives."""
    for _ in range(ROUNDS):
        with pytest.raises(InternalError):
            failing.ask(question=name, timeout=20)
    assert failing.ask(question="after", timeout=20) == "after"


def test_jobs_and_events_whose_handler_exits_are_parked(
    failing: ProbeClient, rabbitmq_vhost_url: str, link: str, concurrency: Backend
) -> None:
    """They are parked with the name of what was raised, each once, and the next ones are handled."""
    with svcrt.connect(rabbitmq_vhost_url, concurrency=concurrency.name, **chosen(link)) as cluster:
        for name in EXITS:
            failing.remember(text=name)
            cluster.emit(HAPPENED, Happened(what=name))
        cluster.emit(HAPPENED, Happened(what="fine"))
    wait_until(lambda: Deaf.heard == ["fine"], concurrency)
    for service in ("Probe", "Listener"):
        assert sorted(parked(rabbitmq_vhost_url, f"svc.dead.probe.v1.{service}", len(EXITS))) == sorted(EXITS)


def parked(url: str, queue: str, count: int) -> list[str]:
    """Wait for so many parked messages and return the errors that they name."""
    connection = connect(url)
    try:
        channel = connection.channel()
        wait_until(lambda: channel.queue_declare(queue, passive=True).message_count >= count)
        messages = [channel.basic_get(queue, no_ack=True) for _ in range(count)]
        assert channel.basic_get(queue, no_ack=True) is None
        return [message.application_headers["svc-error"] for message in messages]
    finally:
        connection.close()
