"""Clusters beside each other in one process: each call goes to its own broker, and each ends alone."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import svcrt
from desk.v1 import DeskAsyncClient, DeskClient, Rung, contract
from desk_services import Seen, desk_on
from probe_services import wait_until
from rabbitmq_node import RabbitMQNode
from svcrt.embedded import EmbeddedBroker
from svcrt.errors import NotSent


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def two_brokers(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """Two embedded brokers, or two virtual hosts of one RabbitMQ."""
    if request.param == "embedded":
        with EmbeddedBroker() as first, EmbeddedBroker() as second:
            yield first.url, second.url
    else:
        node: RabbitMQNode = request.getfixturevalue("rabbitmq")
        yield node.fresh_vhost(), node.fresh_vhost()


def test_calls_go_to_the_right_one_and_closing_one_leaves_the_other(two_brokers: tuple[str, str]) -> None:
    seen = [Seen(name="first"), Seen(name="second")]
    with desk_on(two_brokers[0], seen[0]), desk_on(two_brokers[1], seen[1]), ThreadPoolExecutor(8) as threads:
        first, second = svcrt.connect(two_brokers[0]), svcrt.connect(two_brokers[1], encoding="msgpack")
        desks = [DeskClient(first), DeskClient(second)]
        names = threads.map(lambda number: desks[number % 2].name(), range(200))
        assert list(names) == ["first", "second"] * 100
        desks[1].note(text="b")
        second.emit(contract.RUNG, Rung(times=2, by=b""))
        wait_until(lambda: seen[1].notes and seen[1].rung)
        assert seen[0].notes == []
        assert seen[0].rung == []

        stream = desks[1].count(first=1, last=200)
        assert next(stream) == 1
        waiting = desks[1].futures.wait(seconds=0.2)
        first.close()
        assert waiting.result(10.0) == 1
        assert list(stream) == list(range(2, 201))
        assert desks[1].name() == "second"
        with pytest.raises(NotSent):
            desks[0].name()
        second.close()


def test_they_may_be_of_both_kinds(two_brokers: tuple[str, str]) -> None:
    async def work() -> None:
        async with svcrt.connect_async(two_brokers[0]) as first, svcrt.connect_async(two_brokers[1]) as second:
            calls = [DeskAsyncClient((first, second)[number % 2]).name() for number in range(100)]
            assert await asyncio.gather(*calls) == ["first", "second"] * 50
            await first.close()
            assert await DeskAsyncClient(second).name() == "second"
            assert await asyncio.to_thread(DeskClient(blocking).name) == "first"

    with (
        desk_on(two_brokers[0], Seen(name="first")),
        desk_on(two_brokers[1], Seen(name="second")),
        svcrt.connect(two_brokers[0]) as blocking,
    ):
        asyncio.run(work())
