"""How calls end: through generated clients, on both back ends and both brokers."""

import logging
import time
from concurrent.futures import Future

import pytest

import svcrt
from probe_services import Probe, Relay, wait_until
from probe_v1 import Note, ProbeClient, Refusal, RelayClient, contract
from svcrt.concurrency import Backend
from svcrt.errors import (
    BrokerUnavailable,
    InternalError,
    InvalidRequest,
    InvalidValue,
    NotSent,
    OutcomeUnknown,
    RpcTimeout,
    UnknownMethod,
    UnknownService,
)
from svcrt.generated import Rpc, Struct
from svcrt.testing import running


class Answering(Probe):
    """Does what the question says."""

    def ask(self, *, question: str) -> str:
        match question:
            case "refuse":
                raise Refusal(reason="no", code=7)
            case "fail":
                raise ZeroDivisionError("a secret")
            case "exit":
                raise SystemExit(3)
            case "wrong":
                return 5  # type: ignore[return-value] # what a handler may do by mistake
        return question.upper()


def test_a_call_ends_in_its_result(broker_url: str, concurrency: Backend) -> None:
    with (
        running(Answering, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        probe = ProbeClient(cluster)
        assert probe.ask(question="hello") == "HELLO"
        assert probe.again(question="x") == Note(question="x", answer="x")
        probe.one_at_a_time(question="x")


def test_a_declared_error_arrives_typed(broker_url: str, concurrency: Backend) -> None:
    with (
        running(Answering, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        with pytest.raises(Refusal) as caught:
            ProbeClient(cluster).ask(question="refuse")
        assert (caught.value.reason, caught.value.code) == ("no", 7)


@pytest.mark.parametrize(
    ("question", "kind"), [("fail", "ZeroDivisionError"), ("exit", "SystemExit"), ("wrong", "InvalidValue")]
)
def test_any_other_failure_tells_its_type_and_call_id_only(
    embedded_broker_url: str,
    concurrency: Backend,
    question: str,
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        running(Answering, broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        probe = ProbeClient(cluster)
        with pytest.raises(InternalError) as caught:
            probe.ask(question=question)
        assert caught.value.error_type == kind
        assert caught.value.reported_by == "probe.v1.Probe"
        assert "secret" not in str(caught.value)
        logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert len(logged) == 1
        assert caught.value.call_id in logged[0].getMessage()
        assert probe.ask(question="still") == "STILL"


def test_arguments_that_break_the_contract_are_not_sent(embedded_broker_url: str) -> None:
    with (
        running(Answering, broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url) as cluster,
        pytest.raises(InvalidValue) as caught,
    ):
        ProbeClient(cluster).ask(question=5)  # type: ignore[arg-type] # what a caller may do by mistake
    assert [fault.path for fault in caught.value.faults] == ["$.question"]


class OtherArguments(Struct, kw_only=True):
    """What another version of the contract sends."""

    question: int


def other_rpc(name: str) -> Rpc[OtherArguments, str]:
    return Rpc(service="probe.v1.Probe", name=name, stub=name, arguments=OtherArguments, result=str)


def test_the_service_says_what_it_does_not_understand(broker_url: str) -> None:
    with running(Answering, broker=broker_url), svcrt.connect(broker_url) as cluster:
        unknown = other_rpc("gone")
        with pytest.raises(UnknownMethod, match="gone"):
            cluster.call(unknown, OtherArguments(question=1))
        other = other_rpc("ask")
        with pytest.raises(InvalidRequest) as caught:
            cluster.call(other, OtherArguments(question=1))
        assert [fault.path for fault in caught.value.faults] == ["$.question"]


def test_nobody_there_is_told_at_once(broker_url: str, concurrency: Backend) -> None:
    with svcrt.connect(broker_url, concurrency=concurrency.name) as cluster:
        probe = ProbeClient(cluster)
        with pytest.raises(UnknownService) as caught:
            probe.ask(question="x")
        assert caught.value.service == "probe.v1.Probe"
        with pytest.raises(UnknownService):
            probe.futures.ask(question="x").result(10)
        with pytest.raises(UnknownService):
            probe.remember(text="x")


def test_a_stopped_service_is_unknown_again_after_one_time_out(broker_url: str) -> None:
    with svcrt.connect(broker_url) as cluster:
        probe = ProbeClient(cluster)
        with running(Answering, broker=broker_url):
            assert probe.ask(question="x") == "X"
        with pytest.raises(RpcTimeout, match=r"probe.v1.Probe.ask"):
            probe.ask(question="x", timeout=0.05)
        with pytest.raises(UnknownService):
            probe.ask(question="x")


def test_a_client_may_wait_for_a_service(broker_url: str, concurrency: Backend) -> None:
    with svcrt.connect(broker_url, concurrency=concurrency.name, wait_for_service=True) as cluster:
        probe = ProbeClient(cluster)
        waiting = probe.futures.ask(question="early", timeout=20.0)
        with running(Answering, broker=broker_url, concurrency=concurrency.name):
            assert waiting.result(20) == "EARLY"
        with pytest.raises((UnknownService, RpcTimeout)):
            RelayClient(cluster).pass_on(question="x", timeout=0.2)


def test_futures_end_as_calls_do(broker_url: str, concurrency: Backend) -> None:
    with (
        running(Answering, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        futures = ProbeClient(cluster).futures
        open_calls: list[Future[str]] = [futures.ask(question=f"q{number}") for number in range(100)]
        assert [future.result(10) for future in open_calls] == [f"Q{number}" for number in range(100)]
        assert not open_calls[0].cancel()
        with pytest.raises(Refusal):
            futures.ask(question="refuse").result(10)
        assert isinstance(futures.ask(question="fail").exception(10), InternalError)


def test_deadlines_cross_two_hops(broker_url: str, concurrency: Backend) -> None:
    left: list[float] = []
    over = concurrency.flag()

    class Slow(Probe):
        def ask(self, *, question: str) -> str:
            assert over.wait(30)
            return question

    class Patient(Relay):
        def pass_on(self, *, question: str) -> str:
            try:
                return self.probe.ask(question=question, timeout=60.0)
            except RpcTimeout as error:
                left.append(error.timeout)
                raise

    with (
        running(Slow, Patient, broker=broker_url, concurrency=concurrency.name),
        svcrt.connect(broker_url, concurrency=concurrency.name) as cluster,
    ):
        # Both hops end at the same moment: now and then the relay's own failure is back first.
        with pytest.raises((RpcTimeout, InternalError)):
            RelayClient(cluster).pass_on(question="x", timeout=1.5)
        wait_until(lambda: left, concurrency)
        over.set()
        assert left[0] <= 1.5


def test_a_worker_without_time_left_calls_nobody(embedded_broker_url: str) -> None:
    ended: list[Exception] = []

    class Late(Relay):
        def pass_on(self, *, question: str) -> str:
            time.sleep(0.15)
            try:
                return self.probe.ask(question=question)
            except NotSent as error:
                ended.append(error)
                raise

    with (
        running(Late, Answering, broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        with pytest.raises(RpcTimeout):
            RelayClient(cluster).pass_on(question="x", timeout=0.1)
        wait_until(lambda: ended)


def test_no_broker(concurrency: Backend) -> None:
    nowhere = "amqp://127.0.0.1:1/"
    with pytest.raises(BrokerUnavailable):
        svcrt.connect(nowhere, wait=0.2, concurrency=concurrency.name)
    with (
        svcrt.connect(nowhere, wait=None, concurrency=concurrency.name) as cluster,
        pytest.raises(NotSent, match="no connection"),
    ):
        ProbeClient(cluster).ask(question="x", timeout=0.2)


def test_closing_ends_open_calls(broker_url: str, concurrency: Backend) -> None:
    entered = concurrency.flag()
    leave = concurrency.flag()

    class Stuck(Probe):
        def ask(self, *, question: str) -> str:
            entered.set()
            leave.wait(10)
            return question

    with running(Stuck, broker=broker_url, concurrency=concurrency.name):
        cluster = svcrt.connect(broker_url, concurrency=concurrency.name)
        future = ProbeClient(cluster).futures.ask(question="x")
        assert entered.wait(10)
        cluster.close()
        assert isinstance(future.exception(10), OutcomeUnknown)
        leave.set()


def test_the_generic_call(broker_url: str) -> None:
    with running(Answering, broker=broker_url), svcrt.connect(broker_url) as cluster:
        assert cluster.call(contract.PROBE_ASK, contract.ProbeAskArguments(question="x")) == "X"
