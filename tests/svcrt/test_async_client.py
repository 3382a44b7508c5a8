"""Calls from asyncio: how they end, what is left behind, and who waits for whom."""

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, cast

import pytest

import svcrt
from desk.v1 import Closed, DeskAsyncClient, DeskClient, Rung, Ticket, contract
from desk_services import Seen, desk_on, ticket
from probe_services import WITHIN
from svcgen.pipeline import compile_files
from svcrt.amqp.streams_client import OpenStream
from svcrt.async_client import OpenAsyncStream
from svcrt.embedded import EmbeddedBroker
from svcrt.errors import (
    BrokerRefused,
    BrokerUnavailable,
    ConfigError,
    InvalidValue,
    NotSent,
    OutcomeUnknown,
    RpcTimeout,
    UnknownService,
)

SUPPORT = Path(__file__).parents[1] / "support"


def asyncio_run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run in a loop that reports what nobody looked at; warnings are errors here."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        await asyncio.wait_for(work(), WITHIN)

    asyncio.run(watched(), debug=False)
    gc.collect()
    assert complaints == []


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN):
        while not condition():
            await asyncio.sleep(0.005)


def open_calls(cluster: svcrt.AsyncCluster) -> int:
    return len(cluster._cluster._requests._open)


def test_the_contract_of_these_tests_is_compiled() -> None:
    changes = compile_files([SUPPORT / "desk.idl"], out=SUPPORT, dry_run=True).changes
    assert changes is not None
    assert changes.is_fresh


def test_calls_jobs_and_events(broker_url: str) -> None:
    seen = Seen()

    async def work() -> None:
        async with svcrt.connect_async(broker_url) as cluster:
            desk = DeskAsyncClient(cluster)
            assert await desk.echo(ticket=ticket(1)) == ticket(1)
            with pytest.raises(Closed) as caught:
                await desk.echo(ticket=ticket(1, "closed"))
            assert (caught.value.reason, caught.value.proof) == ("it is late", b"\xff\x00")
            await desk.note(text="a", scan=b"\x00")
            await cluster.emit(contract.RUNG, Rung(times=2, by=b""))
            await until(lambda: seen.notes and seen.rung)
            assert (seen.notes, seen.rung) == ([("a", b"\x00")], [Rung(times=2, by=b"")])
            with pytest.raises(InvalidValue):
                await desk.note(text=5)  # type: ignore[arg-type] # what a caller may do by mistake
            with pytest.raises(InvalidValue):
                await desk.echo(ticket=ticket(1, "x" * 201))

    with desk_on(broker_url, seen):
        asyncio_run(work)


def test_a_thousand_calls_at_once_and_the_loop_runs_on(broker_url: str) -> None:
    async def work() -> None:
        async with svcrt.connect_async(broker_url) as cluster:
            desk = DeskAsyncClient(cluster)
            before = threading.active_count()
            calls = [asyncio.ensure_future(desk.echo(ticket=ticket(number), timeout=WITHIN)) for number in range(1000)]
            await asyncio.sleep(0)
            # The service in this process has ten workers, a few tasks belong to the link, and none to a call.
            assert threading.active_count() - before < 50
            assert [each.number for each in await asyncio.gather(*calls)] == list(range(1000))
            assert open_calls(cluster) == 0

    with desk_on(broker_url):
        asyncio_run(work)


@pytest.mark.slow
def test_thousands_of_calls_leave_nothing_behind(embedded_broker_url: str) -> None:
    async def work() -> None:
        async with svcrt.connect_async(embedded_broker_url) as cluster:
            desk = DeskAsyncClient(cluster)

            async def some(count: int) -> int:
                for number in range(count):
                    await desk.echo(ticket=ticket(number))
                gc.collect()
                return len(gc.get_objects())

            first = await some(500)
            assert await some(1_500) - first < 1_000
            assert open_calls(cluster) == 0
            assert len(cluster._cluster._requests._deadlines._heap) < 1_100

    with desk_on(embedded_broker_url):
        asyncio_run(work)


def test_the_first_calls_to_nobody_all_end(embedded_broker_url: str) -> None:
    async def work() -> None:
        async with svcrt.connect_async(embedded_broker_url) as cluster:
            desk = DeskAsyncClient(cluster)
            ends = await asyncio.gather(*(desk.name() for _ in range(50)), return_exceptions=True)
            assert {type(end) for end in ends} == {UnknownService}
            with pytest.raises(UnknownService):
                await desk.note(text="a")
            await cluster.emit(contract.RUNG, Rung(times=1, by=b""))

    asyncio_run(work)


def test_a_timeout_and_a_cancellation_let_go_of_the_call(embedded_broker_url: str) -> None:
    seen = Seen()

    async def work() -> None:
        async with svcrt.connect_async(embedded_broker_url) as cluster:
            desk = DeskAsyncClient(cluster)
            with pytest.raises(RpcTimeout):
                await desk.wait(seconds=0.3, timeout=0.05)
            task = asyncio.ensure_future(desk.wait(seconds=0.5))
            for _ in range(2):
                await asyncio.to_thread(seen.waiting.acquire)
            assert open_calls(cluster) == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert open_calls(cluster) == 0
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await desk.wait(seconds=0.3)
            assert open_calls(cluster) == 0
            # The answers to nobody are dropped.
            assert await desk.name() == "desk"

    with desk_on(embedded_broker_url, seen):
        asyncio_run(work)


def test_a_loop_that_ends_under_open_calls_says_nothing(embedded_broker_url: str) -> None:
    seen = Seen()
    clusters: list[svcrt.AsyncCluster] = []

    async def work() -> None:
        clusters.append(await svcrt.connect_async(embedded_broker_url))
        desk = DeskAsyncClient(clusters[0])
        tasks = [asyncio.ensure_future(desk.wait(seconds=0.1)) for _ in range(3)]
        stream = desk.count(first=1, last=1_000_000)
        assert await anext(stream) == 1
        await asyncio.to_thread(seen.waiting.acquire)
        assert not any(task.done() for task in tasks)

    with desk_on(embedded_broker_url, seen):
        asyncio_run(work)
        assert open_calls(clusters[0]) == 0
        # Another loop goes on with the same connection, while answers for the first one come in.
        assert asyncio.run(DeskAsyncClient(clusters[0]).name()) == "desk"
        asyncio.run(clusters[0].close())
        asyncio.run(clusters[0].close())


def test_closing_ends_open_calls_and_later_ones_do_not_go(embedded_broker_url: str) -> None:
    seen = Seen()

    async def work() -> None:
        cluster = await svcrt.connect_async(embedded_broker_url)
        desk = DeskAsyncClient(cluster)
        stream = desk.count(first=1, last=1_000_000)
        assert await anext(stream) == 1
        call = asyncio.ensure_future(desk.wait(seconds=1.0))
        await asyncio.to_thread(seen.waiting.acquire)
        await cluster.close()
        with pytest.raises(OutcomeUnknown):
            await call
        with pytest.raises(OutcomeUnknown):
            async for _ in stream:
                pass
        begun = time.monotonic()
        with pytest.raises(NotSent):
            await desk.name()
        with pytest.raises(NotSent):
            await desk.note(text="a")
        assert time.monotonic() - begun < 5.0

    with desk_on(embedded_broker_url, seen):
        asyncio_run(work)


def test_a_job_whose_confirm_is_lost_does_not_wait_for_ever(
    embedded_broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("svcrt.async_client.PUBLISH_TIMEOUT", 0.3)
    seen = Seen()

    async def work() -> None:
        async with svcrt.connect_async(embedded_broker.url) as cluster:
            embedded_broker.faults.drop_confirms()
            with pytest.raises(OutcomeUnknown, match=r"did not confirm `desk\.v1\.Desk\.note` within 0\.3 s; it may"):
                await DeskAsyncClient(cluster).note(text="a")

    with desk_on(embedded_broker.url, seen):
        asyncio_run(work)


def test_a_stream(broker_url: str) -> None:
    seen = Seen()

    async def work() -> None:
        async with svcrt.connect_async(broker_url) as cluster:
            desk = DeskAsyncClient(cluster)
            assert [item async for item in desk.count(first=1, last=300)] == list(range(1, 301))
            with pytest.raises(Closed):
                await anext(desk.count(first=1, last=0))
            async with desk.count(first=1, last=1_000_000) as stream:
                assert await anext(stream) == 1
                seen.counted.clear()
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
            await until(seen.counted.is_set)
            seen.counted.clear()
            stream = desk.count(first=1, last=1_000_000)
            assert await anext(stream) == 1
            del stream
            gc.collect()
            await until(seen.counted.is_set)

    with desk_on(broker_url, seen):
        asyncio_run(work)


def test_waiting_for_an_item_can_be_cancelled_and_taken_up_again(embedded_broker_url: str) -> None:
    async def work() -> None:
        async with svcrt.connect_async(embedded_broker_url, wait_for_service=True) as cluster:
            # Nobody serves it yet: the first item is long in coming.
            stream = DeskAsyncClient(cluster).count(first=1, last=2, timeout=WITHIN)
            waiting = [asyncio.ensure_future(anext(stream)) for _ in range(3)]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(stream)
            assert not any(task.done() for task in waiting)
            desk = desk_on(embedded_broker_url)
            await asyncio.to_thread(desk.__enter__)
            ends = await asyncio.gather(*waiting, return_exceptions=True)
            assert sorted(map(repr, ends)) == ["1", "2", "StopAsyncIteration()"]
            await asyncio.to_thread(desk.__exit__, None, None, None)

    asyncio_run(work)


class Plenty:
    """A stream whose next item is always there."""

    def on_event(self, callback: Callable[[], None]) -> None:
        callback()

    def try_next(self) -> tuple[int]:
        return (1,)


def test_other_tasks_run_between_items_that_are_there() -> None:
    turns = 0

    async def work() -> None:
        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.ensure_future(turn())
        stream = OpenAsyncStream(cast("OpenStream[int]", Plenty()))
        for _ in range(1_000):
            assert await anext(stream) == 1
        beside.cancel()
        assert turns > 20

    asyncio_run(work)


def test_connecting_fails_as_it_does_without_asyncio(embedded_broker_url: str) -> None:
    wrong = embedded_broker_url.rsplit("/", 1)[0] + "/nowhere"

    async def work() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        beside = asyncio.ensure_future(tick())
        with pytest.raises(BrokerUnavailable):
            await svcrt.connect_async("amqp://guest:guest@127.0.0.1:1/", wait=0.3)
        assert ticks > 2, "connecting held up the loop"
        beside.cancel()
        with pytest.raises(ConfigError):
            await svcrt.connect_async("http://example.org")
        with pytest.raises((BrokerRefused, BrokerUnavailable)):
            async with svcrt.connect_async(wrong, wait=2.0):
                pass

    asyncio_run(work)


def test_a_cancelled_connect_closes_what_comes_of_it(embedded_broker_url: str) -> None:
    async def work() -> None:
        task = asyncio.ensure_future(svcrt.connect_async(embedded_broker_url)._connect())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = {each.name for each in threading.enumerate()}
    asyncio_run(work)
    deadline = time.monotonic() + WITHIN
    while any(each.name.startswith(("svcrt-connection", "svcrt-asyncio")) for each in threading.enumerate()):
        assert time.monotonic() < deadline, (before, threading.enumerate())
        time.sleep(0.01)


def test_one_connection_for_both_ways_to_call(embedded_broker_url: str) -> None:
    with desk_on(embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:

        async def work() -> None:
            both = svcrt.AsyncCluster(cluster)
            assert await DeskAsyncClient(both).name() == await asyncio.to_thread(DeskClient(cluster).name)

        asyncio_run(work)
        assert DeskClient(cluster).mirror(value=[1]) == [1]


def test_loops_in_several_threads_share_a_connection(embedded_broker_url: str) -> None:
    results: list[int] = []
    with desk_on(embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        desk = DeskAsyncClient(svcrt.AsyncCluster(cluster))

        async def work() -> None:
            tickets: list[Ticket] = await asyncio.gather(*(desk.echo(ticket=ticket(each)) for each in range(20)))
            results.extend(each.number for each in tickets)

        threads = [threading.Thread(target=asyncio_run, args=(work,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WITHIN)
    assert sorted(results) == sorted(list(range(20)) * 4)
