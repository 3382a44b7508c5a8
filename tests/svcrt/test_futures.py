"""Futures of calls, as code that knows `concurrent.futures` uses them."""

from concurrent.futures import Future

import pytest

from svcrt.concurrency import Backend
from svcrt.futures import CallFuture


@pytest.mark.parametrize("early", [True, False])
def test_a_callback_may_ask_how_it_ended(concurrency: Backend, early: bool) -> None:
    """It runs in the task that everybody's replies come through: it must not wait for itself."""
    noted: list[object] = []

    def note(future: Future[str]) -> None:
        error = future.exception(timeout=5)
        noted.append(error or future.result(timeout=5))

    good, bad = CallFuture[str](concurrency), CallFuture[str](concurrency)
    failure = ValueError("no")
    if early:
        good.add_done_callback(note)
        bad.add_done_callback(note)
    good.succeed("yes")
    bad.fail(failure)
    if not early:
        good.add_done_callback(note)
        bad.add_done_callback(note)
    assert noted == ["yes", failure]
    assert good.result() == "yes"
