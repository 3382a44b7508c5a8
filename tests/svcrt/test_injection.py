"""What the function compiled for a service calls, in which order, whatever fails."""

from typing import Any, cast

import pytest

from svcrt.context import CallContext, WorkerContext
from svcrt.injection import compile_injection
from svcrt.providers import DependencyProvider
from svcrt.types import Outcome

CONTEXT = WorkerContext(service="S", method="m", call=CallContext(call_id="c", traceparent=""), arguments={"x": 1})


class Plain(DependencyProvider[str]):
    def __init__(self, name: str, log: list[str], fails: str = "") -> None:
        self.name, self.log, self.fails = name, log, fails

    def note(self, what: str) -> None:
        self.log.append(f"{self.name} {what}")
        if what == self.fails:
            raise LookupError(f"{self.name} {what}")

    def get_dependency(self, context: WorkerContext) -> str:
        self.note("get")
        return self.name


class Hooked(Plain):
    def worker_setup(self, context: WorkerContext) -> None:
        self.note("setup")

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        self.note("result" if outcome.error is None else "error")

    def worker_teardown(self, context: WorkerContext) -> None:
        self.note("teardown")


def serve(providers: list[Plain], log: list[str], *, fails: bool = False) -> object:
    class Service:
        def method(self, *, x: int) -> tuple[Any, ...]:
            log.append("method")
            if fails:
                raise ValueError("method")
            return (x, *(vars(self)[each.name] for each in providers))

    run = compile_injection(Service, cast("Any", providers))
    return run("method", (), CONTEXT, None)


def test_providers_without_hooks_are_injected_in_order() -> None:
    log: list[str] = []
    assert serve([Plain("a", log), Plain("b", log)], log) == (1, "a", "b")
    assert log == ["a get", "b get", "method"]


def test_hooks_run_in_order_and_teardown_in_reverse() -> None:
    log: list[str] = []
    assert serve([Hooked("a", log), Plain("b", log), Hooked("c", log)], log) == (1, "a", "b", "c")
    before = ["a get", "b get", "c get", "a setup", "c setup"]
    assert log == [*before, "method", "a result", "c result", "c teardown", "a teardown"]


def test_a_failed_method_is_told_to_all_and_raised() -> None:
    log: list[str] = []
    with pytest.raises(ValueError, match="method"):
        serve([Hooked("a", log), Hooked("b", log)], log, fails=True)
    assert log[-4:] == ["a error", "b error", "b teardown", "a teardown"]


def test_only_those_that_gave_a_dependency_take_it_back() -> None:
    log: list[str] = []
    with pytest.raises(LookupError, match="b get"):
        serve([Hooked("a", log), Hooked("b", log, fails="get"), Hooked("c", log)], log)
    assert log == ["a get", "b get", "a error", "a teardown"]


@pytest.mark.parametrize("hook", ["setup", "result", "teardown"])
def test_a_hook_that_fails_fails_the_request_and_the_rest_still_runs(hook: str) -> None:
    log: list[str] = []
    with pytest.raises(LookupError, match=f"a {hook}"):
        serve([Hooked("a", log, fails=hook), Hooked("b", log)], log)
    assert log[-2:] == ["b teardown", "a teardown"]


def test_a_hook_that_fails_after_a_failure_is_logged_beside_it(caplog: pytest.LogCaptureFixture) -> None:
    log: list[str] = []
    with pytest.raises(ValueError, match="method"):
        serve([Hooked("a", log, fails="teardown")], log, fails=True)
    assert "Hooked.worker_teardown failed after a failure" in caplog.text


def test_what_calls_the_method_instead_of_us_does_so_while_dependencies_live() -> None:
    log: list[str] = []

    class Service:
        def method(self, *, x: int) -> int:
            return x

    provider = Hooked("a", log)
    run = compile_injection(Service, cast("Any", [provider]))
    assert run("method", (), CONTEXT, lambda method: (list(log), method())) == (["a get", "a setup"], 1)
