"""Futures of calls: callbacks may ask for the result, and nobody waits for what has ended."""

import asyncio
from concurrent.futures import Future, as_completed

import pytest

from svcrt.concurrency import backend
from svcrt.futures import CallFuture

BACKENDS = ["threads", "green"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", BACKENDS)
def test_a_callback_gets_the_result_at_once(name: str) -> None:
    future = CallFuture[int](backend(name))
    seen: list[int] = []
    future.add_done_callback(lambda ended: seen.append(ended.result()))
    future.succeed(7)
    assert seen == [7]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", BACKENDS)
def test_a_callback_gets_the_error_at_once(name: str) -> None:
    future = CallFuture[int](backend(name))
    seen: list[BaseException | None] = []

    def keep(ended: Future[int]) -> None:
        seen.append(ended.exception(0))

    future.add_done_callback(keep)
    error = LookupError("gone")
    future.fail(error)
    assert seen == [error]


@pytest.mark.timeout(20)
def test_asyncio_can_wait_for_it() -> None:
    future = CallFuture[int](backend("threads"))

    async def wait() -> int:
        wrapped = asyncio.wrap_future(future)
        future.succeed(8)
        return await wrapped

    assert asyncio.run(wait()) == 8


def test_the_standard_library_can_wait_for_it() -> None:
    future = CallFuture[int](backend("threads"))
    future.succeed(9)
    assert [each.result() for each in as_completed([future], timeout=5)] == [9]


def test_who_waits_too_long_is_told() -> None:
    with pytest.raises(TimeoutError, match="has not ended within 0 s"):
        CallFuture[int](backend("threads")).result(0)
