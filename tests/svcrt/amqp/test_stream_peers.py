"""Streams with a foreign peer: one that speaks the wire as docs/wire.md has it, and one that lies."""

import json
import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

import amqp
import pytest

import svcrt
from amqp_client import ForeignClient, Inbox, drain
from feed_services import WATCH, FeedClient, Seen, WatchArguments, feed
from probe_services import wait_until
from svcrt import stream_wire
from svcrt.errors import OutcomeUnknown, RemoteError, RpcTimeout
from svcrt.testing import running

SERVICE = "feed.v1.Feed"


class Peer(ForeignClient):
    """Reads streams."""

    def send(self, body: bytes, *, key: str, exchange: str = "", stream: str | None = None, **properties: Any) -> None:
        """Publish; `stream` is the header of streams."""
        headers = {} if stream is None else {"svc-stream": stream}
        message = amqp.Message(body, application_headers=headers | properties.pop("headers", {}), **properties)
        self.channel.basic_publish(message, exchange=exchange, routing_key=key)

    def ask(self, body: bytes, *, credit: str | None, method: str = "numbers") -> None:
        """Open a stream."""
        self.send(
            body,
            key=SERVICE,
            exchange="svc.rpc",
            stream=credit,
            type=method,
            content_type="application/json",
            message_id="m-1",
            correlation_id="7",
            reply_to=self.queue,
        )

    def control(self, begin: Any, kind: str, stream: str | None, *, identity: str | None = None) -> None:
        """Tell the service something about the stream that `begin` began."""
        known = begin.properties["message_id"] if identity is None else identity
        self.send(b"", key=begin.properties["reply_to"], stream=stream, type=kind, correlation_id=known)

    def next_but_alive(self) -> Any:
        """Wait for the next message that says more than that the service lives."""
        while header_of(message := self.next()).startswith("alive"):
            pass
        return message


def header_of(message: Any) -> str:
    return str(message.application_headers.get("svc-stream", "none"))


def _has_produced(seen: Seen, count: int) -> bool:
    return seen.produced == count


@pytest.fixture
def peer(broker_url: str) -> Iterator[Peer]:
    made = Peer(broker_url)
    yield made
    made.connection.close()


# --- a foreign client --------------------------------------------------------------------------------------------


def test_a_foreign_client_reads_a_stream(broker_url: str, peer: Peer, seen: Seen) -> None:
    with running(feed(seen), broker=broker_url):
        peer.ask(b'{"count":3}', credit="credit=2")
        begin = peer.next()
        assert header_of(begin) == "begin;n=0"
        assert begin.properties["correlation_id"] == "7"
        assert begin.properties["reply_to"].startswith("amq.gen-")
        items = [peer.next(), peer.next()]
        assert [header_of(item) for item in items] == ["item;n=1", "item;n=2"]
        assert [json.loads(item.body)["value"] for item in items] == [0, 1]
        assert seen.produced == 2
        peer.control(begin, "svc.Credit", "credit=2")
        assert header_of(peer.next_but_alive()) == "item;n=3"
        assert header_of(peer.next_but_alive()) == "end;n=3"


def test_an_error_says_after_how_many_items(broker_url: str, peer: Peer, seen: Seen) -> None:
    with running(feed(seen), broker=broker_url):
        peer.ask(b'{"topic":"refused"}', credit="credit=5", method="watch")
        messages = [peer.next() for _ in range(3)]
        assert [header_of(message) for message in messages] == ["begin;n=0", "item;n=1", "error;n=1"]
        assert messages[-1].application_headers["svc-error"] == "feed.v1.TooFar"
        assert json.loads(messages[-1].body) == {"at": 1}


@pytest.mark.parametrize("credit", [None, "credit=x", "begin;n=0"])
def test_a_request_without_a_credit_is_refused(broker_url: str, peer: Peer, seen: Seen, credit: str | None) -> None:
    with running(feed(seen), broker=broker_url):
        peer.ask(b'{"count":3}', credit=credit)
        answer = peer.next()
        assert answer.application_headers["svc-error"] == "svc.InvalidRequest"
        assert "$headers.svc-stream" in answer.body.decode()
        assert seen.opened == 0


def test_hostile_control_messages_change_nothing(
    broker_url: str, peer: Peer, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    with running(feed(seen), broker=broker_url), svcrt.connect(broker_url) as cluster:
        peer.ask(b'{"count":3}', credit="credit=0")
        begin = peer.next()
        peer.control(begin, "svc.Credit", "credit=1", identity="unknown-1")
        peer.control(begin, "svc.Cancel", None, identity="m-1")
        peer.control(begin, "svc.Credit", "credit=-1")
        peer.control(begin, "svc.Credit", None)
        peer.control(begin, "svc.Other", "credit=1")
        peer.send(b"\xff" * 1000, key=begin.properties["reply_to"])
        peer.control(begin, "svc.Credit", "credit=4")
        assert [header_of(peer.next_but_alive()) for _ in range(4)] == ["item;n=1", "item;n=2", "item;n=3", "end;n=3"]
        assert FeedClient(cluster).ping(text="still here") == "still here"
        warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warnings) == 3
        assert not any(record.exc_info for record in warnings)


def test_no_credit_is_greater_than_the_cap(broker_url: str, peer: Peer, seen: Seen) -> None:
    with running(feed(seen), broker=broker_url), svcrt.connect(broker_url) as cluster:
        peer.ask(b'{"count":5000}', credit="credit=999999999")
        begin = peer.next()
        for expected in (1024, 2048):
            wait_until(partial(_has_produced, seen, expected))
            assert FeedClient(cluster).ping(text="still here") == "still here"
            assert seen.produced == expected
            peer.control(begin, "svc.Credit", "credit=999999999")
        peer.control(begin, "svc.Cancel", None)
        wait_until(lambda: seen.ended == ["closed"])


def test_a_forged_reply_queue_opens_nothing(broker_url: str, peer: Peer, seen: Seen) -> None:
    with running(feed(seen), broker=broker_url), svcrt.connect(broker_url) as cluster:
        genuine, peer.queue = peer.queue, "svc.job.feed.v1.Feed"
        peer.ask(b'{"count":3}', credit="credit=5")
        peer.queue = genuine
        assert FeedClient(cluster).ping(text="after") == "after"
        assert seen.opened == 0


# --- a foreign service -------------------------------------------------------------------------------------------


class FalseService(Peer):
    """Takes the requests of `feed.v1.Feed` and answers what it is told to."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        with running(feed(Seen()), broker=url):
            pass
        self.requests = Inbox(self.channel, f"svc.rpc.{SERVICE}", no_ack=True)

    def take(self) -> Any:
        """Wait for a request."""
        drain(self.connection, lambda: self.requests.messages, "a request")
        return self.requests.messages.pop(0)

    def answer(self, request: Any, stream: str, body: bytes = b"", **properties: Any) -> None:
        """Reply with a message of streams."""
        properties = {"correlation_id": request.properties["correlation_id"], **properties}
        if body:
            properties["content_type"] = "application/json"
        self.send(body, key=request.properties["reply_to"], stream=stream, **properties)

    def begin(self, request: Any) -> None:
        """Begin as one should."""
        self.answer(request, "begin;n=0", message_id="s-1", reply_to=self.queue)


@pytest.fixture
def service(broker_url: str) -> Iterator[FalseService]:
    made = FalseService(broker_url)
    yield made
    made.connection.close()


def test_a_foreign_service_serves_a_stream(broker_url: str, service: FalseService) -> None:
    with svcrt.connect(broker_url) as cluster:
        stream = FeedClient(cluster).watch(topic="x")
        request = service.take()
        assert request.application_headers["svc-stream"] == f"credit={stream_wire.TIMING.window}"
        service.begin(request)
        for number in range(1, 17):
            service.answer(request, f"item;n={number}", b'"hello"')
            assert next(stream) == "hello"
        credit = service.next()
        while header_of(credit) == "credit=0":
            credit = service.next()
        assert credit.properties["type"] == "svc.Credit"
        assert credit.properties["correlation_id"] == "s-1"
        assert header_of(credit) == "credit=16"
        stream.close()
        cancel = service.next()
        assert (cancel.properties["type"], cancel.properties["correlation_id"]) == ("svc.Cancel", "s-1")


@pytest.mark.parametrize(
    "lies",
    [
        [("item;n=2", b'"x"')],
        [("alive;n=1", b"")],
        [("end;n=5", b"")],
        [(f"item;n={number}", b'"x"') for number in range(1, stream_wire.TIMING.window + 2)],
    ],
)
def test_a_gap_and_an_overrun_end_the_stream(
    broker_url: str, service: FalseService, lies: list[tuple[str, bytes]]
) -> None:
    with svcrt.connect(broker_url) as cluster:
        stream = cluster.stream(WATCH, WatchArguments(topic="x"))
        events: list[None] = []
        stream.on_event(lambda: events.append(None))
        request = service.take()
        service.begin(request)
        for lie, body in lies:
            service.answer(request, lie, body)
        # Not read meanwhile: what was granted is the window.
        wait_until(lambda: len(events) == 1 + len(lies))
        items: list[str] = []
        with pytest.raises(OutcomeUnknown, match="lost on their way"):
            items.extend(iter(lambda: next(stream), None))
        assert len(items) == max(0, len(lies) - 1)


@pytest.mark.parametrize("forged", ["svc.job.feed.v1.Feed", None])
def test_a_forged_control_queue_gets_nothing(broker_url: str, service: FalseService, forged: str | None) -> None:
    with svcrt.connect(broker_url) as cluster:
        stream = FeedClient(cluster).watch(topic="x")
        properties: dict[str, Any] = {} if forged is None else {"reply_to": forged}
        service.answer(service.take(), "begin;n=0", message_id="s-1", **properties)
        with pytest.raises(RemoteError, match="InvalidReply"):
            next(stream)


def test_malformed_messages_are_ignored_and_wrong_items_end_it(broker_url: str, service: FalseService) -> None:
    with svcrt.connect(broker_url) as cluster:
        stream = FeedClient(cluster).watch(topic="x")
        request = service.take()
        service.begin(request)
        service.answer(request, "rubbish", b'"x"')
        service.answer(request, "begin;n=0", message_id="s-2", reply_to=service.queue)
        service.answer(request, "item;n=1", b'"good"')
        service.answer(request, "item;n=2", b"5")
        assert next(stream) == "good"
        with pytest.raises(RemoteError, match="InvalidReply"):
            next(stream)
        assert service.next().properties["type"] == "svc.Cancel"
        assert list(stream) == []


def test_what_does_not_begin_in_time_is_cancelled_when_it_does(broker_url: str, service: FalseService) -> None:
    with svcrt.connect(broker_url) as cluster:
        stream = FeedClient(cluster).watch(topic="x", timeout=0.3)
        request = service.take()
        with pytest.raises(RpcTimeout, match=r"feed\.v1\.Feed\.watch"):
            next(stream)
        service.begin(request)
        assert service.next().properties["type"] == "svc.Cancel"
