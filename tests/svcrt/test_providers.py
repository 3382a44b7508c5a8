"""Providers: order, hooks that fail, what is built in, unit tests with fakes."""

import copy
import logging
from dataclasses import replace
from typing import Any

import msgspec
import pytest

import svcrt
from probe_services import Probe, Relay
from probe_v1 import Happened, ProbeClient, Refusal, RelayClient, contract
from svcrt import Authenticator, Config, DependencyProvider, Logger, Outcome, SharedExtension, WorkerContext
from svcrt.concurrency import Backend
from svcrt.errors import InternalError, StartError, Unauthenticated
from svcrt.testing import build, running


class Recorder(DependencyProvider[str]):
    """Writes down every step of its life; fails where it is told to."""

    def __init__(self, steps: list[str], *, fails: str = "") -> None:
        self.steps = steps
        self.fails = fails

    def _step(self, step: str) -> None:
        self.steps.append(f"{self.name}.{step}")
        if step == self.fails:
            raise RuntimeError(f"{step} of {self.name}")

    def setup(self) -> None:
        self._step("setup")

    def start(self) -> None:
        self._step("start")

    def stop(self) -> None:
        self._step("stop")

    def get_dependency(self, context: WorkerContext) -> str:
        self._step("get")
        return f"{self.name} of {context.method}"

    def worker_setup(self, context: WorkerContext) -> None:
        self._step("worker_setup")

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        self._step("error" if outcome.error else f"result {outcome.result}" if self.fails != "result" else "result")

    def worker_teardown(self, context: WorkerContext) -> None:
        self._step("teardown")


def test_the_order_is_that_of_declaration(embedded_broker_url: str, concurrency: Backend) -> None:
    steps: list[str] = []

    class Base(Probe):
        first = Recorder(steps)

    class Service(Base):
        second = Recorder(steps)
        third = Recorder(steps)

        def ask(self, *, question: str) -> str:
            steps.append("method")
            assert (self.first, self.third) == ("first of ask", "third of ask")
            return "done"

    names = ("first", "second", "third")
    with running(Service, broker=embedded_broker_url, concurrency=concurrency.name):
        assert steps == [f"{name}.{step}" for step in ("setup", "start") for name in names]
        steps.clear()
        with svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster:
            ProbeClient(cluster).ask(question="x")
        worker = [f"{name}.{step}" for step in ("get", "worker_setup") for name in names]
        after = [f"{name}.result done" for name in names] + [f"{name}.teardown" for name in reversed(names)]
        assert steps == [*worker, "method", *after]
        steps.clear()
    assert steps == [f"{name}.stop" for name in reversed(names)]


@pytest.mark.parametrize("hook", ["get", "worker_setup", "result", "teardown"])
def test_a_hook_that_fails_fails_that_request_only(
    embedded_broker_url: str, concurrency: Backend, hook: str, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[str] = []
    frail = Recorder(steps, fails=hook)

    class Service(Probe):
        sound = Recorder(steps)
        broken = frail

    with (
        running(Service, broker=embedded_broker_url, concurrency=concurrency.name) as runner,
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        probe = ProbeClient(cluster)
        with pytest.raises(InternalError) as caught:
            probe.ask(question="x")
        assert caught.value.error_type == "RuntimeError"
        assert "sound.teardown" in steps
        assert ("broken.teardown" in steps) == (hook != "get")
        assert sum(caught.value.call_id in record.getMessage() for record in caplog.records) == 1
        bound: Any = runner.containers[0]._providers[1]
        bound.fails = ""
        assert probe.ask(question="x") == "x"


def test_a_failing_setup_stops_the_start_and_says_which(embedded_broker_url: str) -> None:
    class Service(Probe):
        database = Recorder([], fails="setup")

    with (
        pytest.raises(StartError, match=r"`database: Recorder` of probe.v1.Probe cannot be set up: RuntimeError"),
        running(Service, broker=embedded_broker_url),
    ):
        pass


def test_a_shared_extension_is_set_up_once(embedded_broker_url: str) -> None:
    life: list[str] = []

    class Engine(SharedExtension):
        def __init__(self, url: str) -> None:
            self.url = url

        def setup(self) -> None:
            life.append(f"setup {self.url}")

        def start(self) -> None:
            life.append("start")

        def stop(self) -> None:
            life.append("stop")

    class Database(DependencyProvider[Engine]):
        def setup(self) -> None:
            self.engine = self.container.share(Engine, "db")

        def get_dependency(self, context: WorkerContext) -> Engine:
            return self.engine

    class Asked(Probe):
        database = Database()

        def ask(self, *, question: str) -> str:
            return self.database.url

    class Passing(Relay):
        database = Database()

    with (
        running(Asked, Passing, broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        assert RelayClient(cluster).pass_on(question="x") == "db"
        assert life == ["setup db", "start"]
    assert life == ["setup db", "start", "stop"]


class Settings(msgspec.Struct):
    """Settings of a test."""

    limit: int
    name: str = "none"


def test_config_is_typed_and_checked(embedded_broker_url: str) -> None:
    class Service(Probe):
        settings = Config(Settings, section="probe")
        everything = Config()

        def ask(self, *, question: str) -> str:
            return f"{self.settings.limit + 1} {self.settings.name} {self.everything['other']}"

    good = {"probe": {"limit": 4}, "other": "x"}
    with (
        running(Service, broker=embedded_broker_url, config=good),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        assert ProbeClient(cluster).ask(question="x") == "5 none x"
    with (
        pytest.raises(StartError, match=r"`settings: Config` .*\[config.probe\].*`int`, got `str`.*\$\.limit"),
        running(Service, broker=embedded_broker_url, config={"probe": {"limit": "4"}}),
    ):
        pass


def test_the_logger_knows_its_call(embedded_broker_url: str, caplog: pytest.LogCaptureFixture) -> None:
    class Service(Probe):
        log = Logger()

        def ask(self, *, question: str) -> str:
            self.log.warning("asked %s", question)
            return question

    with (
        running(Service, broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        ProbeClient(cluster).ask(question="why")
    record = next(record for record in caplog.records if record.name == "probe.v1.Probe")
    assert record.levelno == logging.WARNING
    assert vars(record)["method"] == "ask"
    assert vars(record)["call_id"]
    assert record.getMessage() == "asked why"


def test_a_provider_is_itself_on_the_class_and_missing_outside_a_worker() -> None:
    assert isinstance(Relay.probe, DependencyProvider)
    service = build(Relay)
    with pytest.raises(AttributeError, match=r"svcrt.testing.build\(Relay, probe=...\)"):
        service.pass_on(question="x")


def test_a_service_is_built_with_fakes() -> None:
    class FakeProbe:
        def ask(self, *, question: str) -> str:
            return f"fake {question}"

    events: list[Happened] = []

    class FakePublisher:
        def happened(self, event: Happened) -> None:
            events.append(event)

    class Announcing(Relay):
        def pass_on(self, *, question: str) -> str:
            self.publish.happened(Happened(what=question))
            return super().pass_on(question=question)

    service = build(Announcing, probe=FakeProbe(), publish=FakePublisher())
    assert service.pass_on(question="x") == "fake x"
    assert events == [Happened(what="x")]
    with pytest.raises(TypeError, match=r"no dependency `probes`; it has: probe, publish"):
        build(Announcing, probes=FakeProbe())


def test_constructors_run_once_and_each_container_has_a_copy() -> None:
    provider = Recorder([])
    container: Any = object()
    bound = provider.bind(container)
    assert bound is not provider
    assert not hasattr(provider, "container")
    assert copy.copy(bound).steps is provider.steps


def test_an_authenticator_guards_every_way_in(embedded_broker_url: str) -> None:
    protected = replace(contract.PROBE, rpcs=(replace(contract.PROBE_ASK, auth="bearer"), contract.PROBE_AGAIN))

    class Open(Probe):
        contract = protected

    with (
        pytest.raises(StartError, match=r"`probe.v1.Probe.ask` asks for @auth"),
        running(Open, broker=embedded_broker_url),
    ):
        pass

    class Tokens(Authenticator[None]):
        def authenticate(self, scheme: str, context: WorkerContext) -> None:
            if context.call.authorization != "Bearer sesame":
                raise Unauthenticated(f"a {scheme} token is needed")

    class Guarded(Open):
        tokens = Tokens()

    with running(Guarded, broker=embedded_broker_url):
        with svcrt.connect(embedded_broker_url) as cluster:
            with pytest.raises(Unauthenticated, match="a bearer token"):
                ProbeClient(cluster).ask(question="x")
            assert ProbeClient(cluster).again(question="x").answer == "x"
        with svcrt.connect(embedded_broker_url, authorization="Bearer sesame") as cluster:
            assert ProbeClient(cluster).ask(question="x") == "x"


def test_a_declared_error_may_come_from_a_provider(embedded_broker_url: str) -> None:
    class Door(DependencyProvider[None]):
        def get_dependency(self, context: WorkerContext) -> None:
            raise Refusal(reason="closed")

    class Service(Probe):
        door = Door()

    with (
        running(Service, broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url) as cluster,
        pytest.raises(Refusal, match="closed"),
    ):
        ProbeClient(cluster).ask(question="x")
