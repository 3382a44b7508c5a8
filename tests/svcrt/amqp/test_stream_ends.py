"""Streams over AMQP whose peer, broker or instance goes away."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import svcrt
from feed_program import Program
from feed_services import FeedClient, Seen, feed
from probe_services import wait_until
from svcrt import stream_wire
from svcrt.concurrency import Backend
from svcrt.errors import (
    OutcomeUnknown,
    StreamInterrupted,
)
from svcrt.stream_wire import Timing
from svcrt.testing import running

WINDOW = stream_wire.TIMING.window


@pytest.fixture
def only_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, never give up for silence: who ends a stream has learnt from the broker that the peer is gone."""
    monkeypatch.setattr(stream_wire, "TIMING", Timing(tick=0.05, alive=0.1, probe=0.2, silence=3600.0))


@pytest.fixture
def only_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up a peer that is silent for a second and a half."""
    monkeypatch.setattr(stream_wire, "TIMING", Timing(tick=0.05, alive=0.1, probe=0.2, silence=1.5))


@pytest.mark.usefixtures("only_returns")
@pytest.mark.parametrize("topic", ["ticking", "quiet"])
def test_a_killed_client_ends_the_method(broker_url: str, green: Backend, seen: Seen, topic: str) -> None:
    with (
        running(feed(seen, green), broker=broker_url, concurrency="green"),
        Program(topic, broker_url, green) as client,
    ):
        client.kill()
        wait_until(lambda: seen.ended == [topic], green)


@pytest.mark.usefixtures("only_silence")
def test_a_frozen_client_ends_the_method(embedded_broker_url: str, concurrency: Backend, seen: Seen) -> None:
    with (
        running(feed(seen, concurrency), broker=embedded_broker_url, concurrency=concurrency.name),
        Program("ticking", embedded_broker_url, concurrency) as client,
    ):
        client.freeze()
        wait_until(lambda: seen.ended == ["ticking"], concurrency)


def test_silence_on_both_sides_is_no_end(
    embedded_broker_url: str, concurrency: Backend, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for a machine that has other things to do.
    monkeypatch.setattr(stream_wire, "TIMING", Timing(tick=0.05, alive=0.1, probe=0.2, silence=3.5))

    class Patient(feed(seen, concurrency)):  # type: ignore[misc] # a class made for this test
        def watch(self, *, topic: str) -> Iterator[str]:
            yield topic
            concurrency.sleep(4.0)
            yield "after"

    with (
        running(Patient, broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        quiet, unread = FeedClient(cluster).watch(topic="quiet"), FeedClient(cluster).numbers(count=2 * WINDOW)
        assert list(quiet) == ["quiet", "after"]
        assert len(list(unread)) == 2 * WINDOW


@pytest.mark.usefixtures("only_returns")
def test_a_killed_service_ends_the_stream(embedded_broker_url: str, concurrency: Backend) -> None:
    with (
        Program("serve", embedded_broker_url, concurrency) as service,
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        stream = FeedClient(cluster).watch(topic="quiet")
        assert next(stream) == "quiet"
        service.kill()
        with pytest.raises(OutcomeUnknown, match="is gone"):
            next(stream)


@pytest.mark.usefixtures("only_silence")
def test_a_frozen_service_ends_the_stream(embedded_broker_url: str, concurrency: Backend) -> None:
    with (
        Program("serve", embedded_broker_url, concurrency) as service,
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        stream = FeedClient(cluster).watch(topic="quiet")
        assert next(stream) == "quiet"
        service.freeze()
        with pytest.raises(OutcomeUnknown, match=r"silent for 1\.5 s"):
            next(stream)


def test_a_broker_that_goes_takes_the_streams_along(embedded_broker: Any, concurrency: Backend, seen: Seen) -> None:
    with (
        running(feed(seen, concurrency), broker=embedded_broker.url, concurrency=concurrency.name) as runner,
        svcrt.connect(embedded_broker.url, concurrency=concurrency.name) as cluster,
    ):
        client = FeedClient(cluster)
        stream = client.watch(topic="ticking")
        next(stream)
        embedded_broker.stop()
        with pytest.raises(OutcomeUnknown):
            list(stream)
        wait_until(lambda: seen.ended == ["ticking"], concurrency)
        embedded_broker.start()
        wait_until(lambda: runner.ready, concurrency)
        assert len(list(client.numbers(count=3))) == 3


@pytest.mark.slow
@pytest.mark.rabbitmq
def test_a_restarted_rabbitmq_takes_the_streams_along(fault_node: Any, concurrency: Backend, seen: Seen) -> None:
    url = fault_node.fresh_vhost()
    with (
        running(feed(seen, concurrency), broker=url, concurrency=concurrency.name) as runner,
        svcrt.connect(url, concurrency=concurrency.name) as cluster,
    ):
        client = FeedClient(cluster)
        stream = client.watch(topic="ticking")
        next(stream)
        fault_node.kill()
        with pytest.raises(OutcomeUnknown):
            list(stream)
        wait_until(lambda: seen.ended == ["ticking"], concurrency)
        starting = threading.Thread(target=fault_node.start)
        starting.start()
        wait_until(lambda: runner.ready and not starting.is_alive(), concurrency)
        assert len(list(client.numbers(count=3))) == 3


def test_a_rolling_restart_loses_no_stream(broker_url: str, concurrency: Backend) -> None:
    ends: list[str] = []
    with svcrt.connect(broker_url, concurrency=concurrency.name) as cluster:
        client = FeedClient(cluster)

        def read(count: int) -> None:
            try:
                ends.append(f"{len(list(client.numbers(count=count)))} of {count}")
            except StreamInterrupted:
                ends.append("interrupted")

        stopping = running(feed(Seen(), concurrency), broker=broker_url, concurrency=concurrency.name)
        with stopping, running(feed(Seen(), concurrency), broker=broker_url, concurrency=concurrency.name):
            client.ping(text="known")
            readers = []
            for count in range(100):
                readers.append(concurrency.spawn(read, count, name="reader"))
                if count == 50:
                    stop = concurrency.spawn(stopping.__exit__, None, None, None, name="stop")
                concurrency.sleep(0)
            for reader in [*readers, stop]:
                assert reader.join(30)
    served = [f"{count} of {count}" for count in range(100)]
    assert len(ends) == 100
    assert all(end == "interrupted" or end in served for end in ends)


@pytest.mark.parametrize("topic", ["ticking", "quiet"])
def test_a_stopping_instance_says_so_and_another_goes_on(
    embedded_broker_url: str, concurrency: Backend, seen: Seen, topic: str
) -> None:
    with svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster:
        client = FeedClient(cluster)
        # Threads cannot be interrupted: there the drain runs to its end, but the reader does not wait for that.
        drain = 30.0 if (topic, concurrency.name) != ("quiet", "threads") else 1.5
        stopping = running(
            feed(seen, concurrency), broker=embedded_broker_url, concurrency=concurrency.name, drain=drain
        )
        with stopping:
            stream = client.watch(topic=topic)
            assert next(stream) == topic
            ended: list[Exception] = []

            def read() -> None:
                try:
                    list(stream)
                except StreamInterrupted as error:
                    ended.append(error)

            reader = concurrency.spawn(read, name="reader")
            with running(
                feed(Seen(), concurrency), broker=embedded_broker_url, concurrency=concurrency.name, drain=0.0
            ):
                stopping.__exit__(None, None, None)
                assert reader.join(20)
                assert len(ended) == 1
                if drain == 30.0:
                    assert seen.ended == [topic]
                again = client.watch(topic=topic)
                assert next(again) == topic
                again.close()
