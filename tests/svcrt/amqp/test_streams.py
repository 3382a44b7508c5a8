"""Streams over AMQP: order, back-pressure, and how a reader or a method ends one."""

import gc
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

import svcrt
from feed_services import FEED, NUMBERS, FeedClient, Number, NumbersArguments, Seen, TooFar, feed
from probe_services import Probe, wait_until
from probe_v1 import ProbeClient
from svcrt import stream_wire
from svcrt.authentication import Authenticator
from svcrt.concurrency import Backend
from svcrt.context import WorkerContext
from svcrt.errors import (
    BrokerUnavailable,
    InternalError,
    Interrupted,
    InvalidValue,
    NotSent,
    OutcomeUnknown,
    Overloaded,
    RpcTimeout,
    StartError,
    Unauthenticated,
    UnknownMethod,
    UnknownService,
)
from svcrt.generated import StreamRpc
from svcrt.providers import ClientProvider, DependencyProvider
from svcrt.testing import running
from svcrt.types import Outcome

WINDOW = stream_wire.TIMING.window


# --- items -------------------------------------------------------------------------------------------------------


def test_ten_thousand_items_arrive_in_order(broker_url: str, concurrency: Backend, seen: Seen) -> None:
    with (
        running(feed(seen, concurrency), broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        values = [item.value for item in FeedClient(cluster).numbers(count=10_000)]
        assert values == list(range(10_000))
        wait_until(lambda: seen.ended == ["done"], concurrency)


def test_a_slow_reader_slows_the_method(broker_url: str, concurrency: Backend, seen: Seen) -> None:
    with (
        running(feed(seen, concurrency), broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        items = FeedClient(cluster).numbers(count=10 * WINDOW)
        wait_until(lambda: seen.produced == WINDOW, concurrency)
        for taken in range(10 * WINDOW):
            assert seen.produced <= taken + WINDOW
            assert next(items).value == taken
            if taken % 50 == 0:
                # It goes on by itself, as far as half of what was read allows.
                enough = min(10 * WINDOW, taken + WINDOW // 2)
                wait_until(partial(_is_at_least, seen, enough), concurrency)
        assert list(items) == []


def _is_at_least(seen: Seen, count: int) -> bool:
    return seen.produced >= count


def test_a_method_may_return_any_iterable(embedded_broker_url: str, seen: Seen) -> None:
    class Listing(feed(seen)):  # type: ignore[misc] # a class made for this test
        def numbers(self, *, count: int, size: int) -> Any:
            return 5 if count == 5 else [Number(value=value) for value in range(count)]

    with running(Listing, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        client = FeedClient(cluster)
        assert [item.value for item in client.numbers(count=3)] == [0, 1, 2]
        assert list(client.numbers(count=0)) == []
        with pytest.raises(InternalError, match="TypeError"):
            next(client.numbers(count=5))


def test_two_hundred_streams_hold_no_worker(broker_url: str, concurrency: Backend, seen: Seen) -> None:
    with (
        running(feed(seen, concurrency), broker=broker_url, concurrency=concurrency.name, max_workers=2),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        client = FeedClient(cluster)
        streams = [client.numbers(count=10 * WINDOW) for _ in range(200)]
        assert [next(stream).value for stream in streams] == [0] * 200
        assert client.ping(text="still here") == "still here"
        for stream in streams:
            stream.close()
        wait_until(lambda: seen.ended == ["closed"] * 200, concurrency)


def test_a_reader_need_not_wait(embedded_broker_url: str, concurrency: Backend, seen: Seen) -> None:
    events: list[int] = []
    with (
        running(feed(seen, concurrency), broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        stream = cluster.stream(NUMBERS, NumbersArguments(count=3))
        stream.on_event(lambda: events.append(len(events)))
        values: list[int] = []

        def read_what_there_is() -> bool:
            known = len(events)
            try:
                while (found := stream.try_next()) is not None:
                    values.append(found[0].value)
            except StopIteration:
                return True
            wait_until(lambda: len(events) > known, concurrency)
            return False

        wait_until(read_what_there_is, concurrency)
        assert values == [0, 1, 2]


# --- the reader ends it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["close", "with", "let go", "cycle", "cluster"])
def test_an_early_end_runs_the_finally(embedded_broker_url: str, concurrency: Backend, seen: Seen, way: str) -> None:
    with running(feed(seen, concurrency), broker=embedded_broker_url, concurrency=concurrency.name):
        cluster = svcrt.connect(embedded_broker_url, concurrency=concurrency.name)
        stream = FeedClient(cluster).watch(topic="ticking")
        assert [next(stream), next(stream)] == ["ticking", "tick"]
        match way:
            case "close":
                stream.close()
                stream.close()
                assert list(stream) == []
            case "with":
                with stream:
                    next(stream)
                assert list(stream) == []
            case "let go":
                del stream
            case "cycle":
                around: list[Any] = [stream]
                around.append(around)
                del stream, around
                gc.collect()
            case _:
                cluster.close()
                with pytest.raises(OutcomeUnknown):
                    list(stream)
        wait_until(lambda: seen.ended == ["ticking"], concurrency)
        cluster.close()


def test_a_method_that_waits_for_the_reader_is_closed(
    embedded_broker_url: str, concurrency: Backend, seen: Seen
) -> None:
    with (
        running(feed(seen, concurrency), broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        stream = FeedClient(cluster).numbers(count=1000)
        wait_until(lambda: seen.produced == WINDOW, concurrency)
        stream.close()
        wait_until(lambda: seen.ended == ["closed"], concurrency)
        assert seen.produced == WINDOW


def test_a_green_method_is_interrupted_where_it_waits(embedded_broker_url: str, green: Backend, seen: Seen) -> None:
    with (
        running(feed(seen, green), broker=embedded_broker_url, concurrency="green"),
        svcrt.connect(embedded_broker_url, concurrency="green") as cluster,
    ):
        with FeedClient(cluster).watch(topic="quiet") as stream:
            assert next(stream) == "quiet"
        wait_until(lambda: seen.ended == ["quiet"], green)


def test_another_thread_closes_what_one_waits_for(embedded_broker_url: str, seen: Seen) -> None:
    with running(feed(seen), broker=embedded_broker_url, drain=0.0), svcrt.connect(embedded_broker_url) as cluster:
        stream = FeedClient(cluster).watch(topic="quiet")
        read: list[list[str]] = []
        readers = [threading.Thread(target=lambda: read.append(list(stream))) for _ in range(3)]
        for reader in readers:
            reader.start()
        wait_until(lambda: seen.opened == 1)
        stream.close()
        for reader in readers:
            reader.join(20)
        assert sorted(read) in ([[], [], []], [[], [], ["quiet"]])


def test_a_stream_closed_before_it_begins_ends(embedded_broker_url: str, concurrency: Backend, seen: Seen) -> None:
    with (
        running(feed(seen, concurrency), broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        client = FeedClient(cluster)
        client.ping(text="known")
        for _ in range(20):
            client.watch(topic="ticking").close()
        assert client.ping(text="after") == "after"
        wait_until(lambda: len(seen.ended) == seen.opened, concurrency)


def test_dependencies_live_as_long_as_the_stream(embedded_broker_url: str, concurrency: Backend, seen: Seen) -> None:
    steps: list[str] = []

    class Tracking(DependencyProvider[list[str]]):
        def get_dependency(self, context: WorkerContext) -> list[str]:
            steps.append("begin")
            return steps

        def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
            steps.append(f"result {type(outcome.error).__name__}")

        def worker_teardown(self, context: WorkerContext) -> None:
            steps.append("teardown")

    class Tracked(feed(seen, concurrency)):  # type: ignore[misc] # a class made for this test
        track = Tracking()

        def numbers(self, *, count: int, size: int) -> Iterator[Number]:
            try:
                for value in range(count):
                    yield Number(value=value)
            finally:
                self.track.append("finally")

    with (
        running(Tracked, broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        client = FeedClient(cluster)
        for count, error in ((3, "NoneType"), (1000, Interrupted.__name__)):
            steps.clear()
            with client.numbers(count=count) as stream:
                next(stream)
                if count == 3:
                    assert len(list(stream)) == 2
            wait_until(lambda: "teardown" in steps, concurrency)
            assert steps == ["begin", "finally", f"result {error}", "teardown"]


# --- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "kind", "before"),
    [("unknown", TooFar, 0), ("refused", TooFar, 1), ("broken", InternalError, 1), ("wrong", InternalError, 1)],
)
def test_an_error_after_n_items_arrives_after_n_items(
    broker_url: str, concurrency: Backend, seen: Seen, topic: str, kind: type[Exception], before: int
) -> None:
    with (
        running(feed(seen, concurrency), broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        stream = FeedClient(cluster).watch(topic=topic)
        items: list[str] = []
        with pytest.raises(kind) as caught:
            items.extend(iter(lambda: next(stream), None))
        assert len(items) == before
        assert list(stream) == []
        if isinstance(caught.value, TooFar):
            assert caught.value.at == before
        assert "secret" not in str(caught.value)


def test_what_cannot_be_opened_is_told_with_the_first_item(embedded_broker_url: str, seen: Seen) -> None:
    with svcrt.connect(embedded_broker_url) as cluster:
        client = FeedClient(cluster)
        with pytest.raises(InvalidValue):
            client.numbers(count=-1)
        nobody = client.numbers(count=1)
        with pytest.raises(UnknownService):
            next(nobody)
        assert list(nobody) == []
        with running(feed(seen), broker=embedded_broker_url):
            unknown: StreamRpc[NumbersArguments, Number] = StreamRpc(
                service="feed.v1.Feed", name="none", stub="none", arguments=NumbersArguments, item=Number
            )
            with pytest.raises(UnknownMethod):
                next(cluster.stream(unknown, NumbersArguments(count=1)))


def test_a_method_may_have_a_limit_of_its_own(embedded_broker_url: str, green: Backend, seen: Seen) -> None:
    with (
        running(feed(seen, green), broker=embedded_broker_url, concurrency="green"),
        svcrt.connect(embedded_broker_url, concurrency="green") as cluster,
    ):
        client = FeedClient(cluster)
        with client.single() as first:
            assert next(first) == 1
            with pytest.raises(Overloaded, match="1 of these run already"):
                next(client.single())
            assert seen.opened == 1


def test_a_worker_reads_no_longer_than_it_may(embedded_broker_url: str, concurrency: Backend, seen: Seen) -> None:
    ended: list[Exception] = []

    class Reading(Probe):
        feed = ClientProvider(FeedClient)

        def ask(self, *, question: str) -> str:
            try:
                return str(len(list(self.feed.watch(topic=question))))
            except RpcTimeout as error:
                ended.append(error)
                raise

    with (
        running(feed(seen, concurrency), Reading, broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        client = ProbeClient(cluster)
        assert client.ask(question="short") == "1"
        with pytest.raises((RpcTimeout, InternalError)):
            client.ask(question="ticking", timeout=0.5)
        wait_until(lambda: seen.ended == ["short", "ticking"], concurrency)
        wait_until(lambda: ended, concurrency)


def test_no_broker_means_not_sent() -> None:
    with svcrt.connect("amqp://127.0.0.1:1/", wait=None) as cluster, pytest.raises((NotSent, BrokerUnavailable)):
        next(FeedClient(cluster).watch(topic="x", timeout=0.2))


def test_a_protected_stream_asks_who_calls(embedded_broker_url: str, seen: Seen) -> None:
    class Closed(Authenticator[None]):
        def authenticate(self, scheme: str, context: WorkerContext) -> None:
            raise Unauthenticated(f"no {scheme} is known")

    class Guarded(feed(seen)):  # type: ignore[misc] # a class made for this test
        contract = replace(FEED, streams=tuple(replace(each, auth="bearer") for each in FEED.streams))
        door = Closed()

    with running(Guarded, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        with pytest.raises(Unauthenticated, match="no bearer is known"):
            next(FeedClient(cluster).watch(topic="x"))
        assert seen.opened == 0

    class Open(feed(seen)):  # type: ignore[misc] # a class made for this test
        contract = Guarded.contract

    with pytest.raises(StartError, match="authenticator"), running(Open, broker=embedded_broker_url):
        pass
