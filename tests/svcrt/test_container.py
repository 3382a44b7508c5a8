"""Containers: what is checked at start, how workers are bounded, how services stop."""

import abc
import threading
from typing import Any

import pytest

import svcrt
from probe_services import Probe, wait_until
from probe_v1 import ProbeBase, ProbeClient, contract
from svcrt import CustomEntrypoint, WorkerContext
from svcrt.concurrency import Backend
from svcrt.container import check_service
from svcrt.context import CallContext
from svcrt.errors import BrokerUnavailable, StartError
from svcrt.middleware import Proceed
from svcrt.runner import Runner
from svcrt.testing import running
from svcrt.types import Container, Outcome


def test_a_service_must_define_every_method(embedded_broker_url: str) -> None:
    class Half(ProbeBase):
        def ask(self, *, question: str) -> str:
            return question

    with (
        pytest.raises(
            StartError,
            match=r"Half` does not define `again`, `one_at_a_time`, `remember`, which probe.v1.Probe declares",
        ),
        running(Half, broker=embedded_broker_url),
    ):
        pass


def two_questions(self: object, *, question: str, other: str) -> str:
    return question + other


def no_question(self: object) -> str:
    return ""


def by_position(self: object, question: str, /) -> str:
    return question


async def eventually(self: object, *, question: str) -> str:
    return question


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (two_questions, "missing a required .*argument: 'other'"),
        (no_question, "got an unexpected keyword argument 'question'"),
        (by_position, "'question' parameter is positional only|missing a required .*'question'"),
        (eventually, "is `async`, which is for clients"),
    ],
)
def test_a_method_must_be_callable_as_the_contract_says(ask: object, problem: str) -> None:
    odd = type("Odd", (Probe,), {"ask": ask})
    with pytest.raises(StartError, match=rf"`Odd\.ask` .*({problem}).*; define it as the generated base of probe\.v1"):
        check_service(odd)


def test_a_method_may_take_more_than_the_contract_says() -> None:
    def ask(self: object, **anything: object) -> str:
        return str(anything)

    def again(self: object, *, question: str, loudly: bool = False) -> str:
        return question.upper() if loudly else question

    def one_at_a_time(*, question: str) -> None: ...

    methods = {"ask": ask, "again": again, "one_at_a_time": staticmethod(one_at_a_time)}
    check_service(type("Open", (Probe,), methods))


@pytest.mark.parametrize("wrong", [int, abc.ABC])
def test_a_service_must_be_one(wrong: type[Any]) -> None:
    with pytest.raises(StartError, match="is no service"):
        check_service(wrong)


def test_no_more_workers_than_allowed(embedded_broker_url: str, concurrency: Backend) -> None:
    now, most = 0, 0
    lock = threading.Lock()

    class Busy(Probe):
        def ask(self, *, question: str) -> str:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            concurrency.sleep(0.005)
            with lock:
                now -= 1
            return question

    with (
        running(Busy, broker=embedded_broker_url, concurrency=concurrency.name, max_workers=3),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        calls = [ProbeClient(cluster).futures.ask(question="x") for _ in range(30)]
        assert [call.result(20) for call in calls] == ["x"] * 30
    assert most == 3


def test_a_method_may_have_a_limit_of_its_own(embedded_broker_url: str, concurrency: Backend) -> None:
    now, most = 0, 0

    class Single(Probe):
        def one_at_a_time(self, *, question: str) -> None:
            nonlocal now, most
            now += 1
            most = max(most, now)
            concurrency.sleep(0.005)
            now -= 1

    with (
        running(Single, broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        arguments = contract.ProbeOneAtATimeArguments(question="x")
        calls = [cluster.submit(contract.PROBE_ONE_AT_A_TIME, arguments) for _ in range(9)]
        assert [call.result(20) for call in calls] == [None] * 9
    assert most == 1


def test_middleware_stands_around_the_method(embedded_broker_url: str) -> None:
    seen: list[str] = []

    def outer(context: WorkerContext, proceed: Proceed) -> object:
        seen.append(f"outer {context.method} {context.arguments['question']}")
        return f"<{proceed()}>"

    def inner(context: WorkerContext, proceed: Proceed) -> object:
        seen.append("inner")
        return f"({proceed()})"

    with (
        running(Probe, broker=embedded_broker_url, middleware=[outer, inner]),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        assert ProbeClient(cluster).ask(question="x") == "<(x)>"
    assert seen == ["outer ask x", "inner"]


def test_a_custom_entrypoint_spawns_workers(embedded_broker_url: str) -> None:
    outcomes: list[Outcome] = []

    class Once(CustomEntrypoint):
        def setup(self, container: Container) -> None:
            self.service = container.contract.name

        def start(self) -> None:
            call = CallContext(call_id="once", traceparent="none")
            context = WorkerContext(service=self.service, method="ask", call=call)
            self.container.spawn_worker("ask", {"question": "mine"}, context, outcomes.append)

    class Service(Probe):
        once = Once()

    with running(Service, broker=embedded_broker_url):
        wait_until(lambda: outcomes)
    assert outcomes[0].result == "mine"


def test_an_idle_service_stops_at_once(broker_url: str, concurrency: Backend) -> None:
    runner = Runner([Probe], broker=broker_url, concurrency=concurrency.name)
    runner.start()
    assert concurrency.spawn(runner.stop, 30.0, name="stop").join(5.0)


def test_running_work_ends_and_the_rest_is_handed_over(broker_url: str, concurrency: Backend) -> None:
    entered = concurrency.flag()
    leave = concurrency.flag()
    by: list[str] = []

    class Stuck(Probe):
        def ask(self, *, question: str) -> str:
            by.append(question)
            entered.set()
            leave.wait(10)
            return f"old {question}"

    class Fresh(Probe):
        def ask(self, *, question: str) -> str:
            return f"new {question}"

    old = Runner([Stuck], broker=broker_url, concurrency=concurrency.name, max_workers=1)
    old.start()
    with svcrt.connect(broker_url, concurrency=concurrency.name) as cluster:
        futures = ProbeClient(cluster).futures
        first = futures.ask(question="1")
        assert entered.wait(10)
        second = futures.ask(question="2")
        stopping = concurrency.spawn(old.stop, 30.0, name="stop")
        with running(Fresh, broker=broker_url, concurrency=concurrency.name):
            assert second.result(10) == "new 2"
            leave.set()
            assert first.result(10) == "old 1"
            assert stopping.join(10)
    assert by == ["1"]


def test_what_does_not_end_in_time_goes_to_others(broker_url: str, concurrency: Backend) -> None:
    entered = concurrency.flag()
    leave = concurrency.flag()

    class Stuck(Probe):
        def again(self, *, question: str) -> Any:
            entered.set()
            leave.wait(10)
            raise RuntimeError("nobody hears this")

    old = Runner([Stuck], broker=broker_url, concurrency=concurrency.name)
    old.start()
    with svcrt.connect(broker_url, concurrency=concurrency.name) as cluster:
        future = ProbeClient(cluster).futures.again(question="x")
        assert entered.wait(10)
        assert not old.stop(drain=0.05)
        with running(Probe, broker=broker_url, concurrency=concurrency.name):
            assert future.result(10).answer == "x"
    leave.set()


def test_a_service_starts_without_a_broker(concurrency: Backend, caplog: pytest.LogCaptureFixture) -> None:
    runner = Runner([Probe], broker="amqp://127.0.0.1:1/", concurrency=concurrency.name)
    runner.start()
    assert not runner.ready
    assert sum("go on trying" in record.getMessage() for record in caplog.records) == 1
    runner.stop(0.0)
    with pytest.raises(BrokerUnavailable):
        svcrt.connect("amqp://127.0.0.1:1/", wait=0.1)


def test_a_wrong_password_stops_the_start(broker_url: str) -> None:
    scheme, _, rest = broker_url.partition("://")
    wrong = f"{scheme}://nobody:wrong@{rest.rpartition('@')[2]}"
    with pytest.raises(StartError, match="refuses"):
        Runner([Probe], broker=wrong, concurrency="threads").start()


def test_only_what_was_set_up_is_killed_when_the_start_fails(
    embedded_broker_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    killed: list[str] = []

    class Door(CustomEntrypoint):
        def setup(self, container: Container) -> None:
            if self.name == "second":
                raise StartError("the folder `in` is not there")
            self.opened = self.name

        def kill(self) -> None:
            killed.append(self.opened)

    class Service(Probe):
        first = Door()
        second = Door()
        third = Door()

    said = "`second: Door` of probe.v1.Probe cannot be set up: the folder `in` is not there"
    with pytest.raises(StartError, match=said), running(Service, broker=embedded_broker_url):
        pass
    assert killed == ["first"]
    assert "good order" not in caplog.text
