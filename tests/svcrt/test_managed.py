"""Context managers as dependencies: entered and left per worker, or once per process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

import msgspec
import pytest

import svcrt
from probe_services import Probe, Relay
from probe_v1 import ProbeClient, Refusal, RelayClient
from svcrt import DependencyProvider, Managed, Outcome, WorkerContext
from svcrt.concurrency import Backend
from svcrt.errors import InternalError, StartError
from svcrt.testing import running


class Thing:
    """Writes down how it is entered and left."""

    def __init__(self, steps: list[str], name: str = "thing") -> None:
        self.steps = steps
        self.name = name
        self.open = False

    def __enter__(self) -> "Thing":
        self.steps.append(f"enter {self.name}")
        self.open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        assert type(error) is (kind or type(None))
        assert (trace is None) == (error is None)
        self.steps.append(f"exit {self.name}: {error}")
        self.open = False
        # Changes nothing: a request that failed has failed.
        return True


def test_per_worker_it_is_entered_for_each_and_left_with_the_error(
    embedded_broker_url: str, concurrency: Backend
) -> None:
    steps: list[str] = []

    class Service(Probe):
        first = Managed(lambda: Thing(steps, "first"))
        second = Managed(lambda: Thing(steps, "second"))

        def ask(self, *, question: str) -> str:
            assert self.first.open
            assert self.second.open
            if question == "refuse":
                raise Refusal(reason="no")
            if question == "leave":
                raise SystemExit("out")
            return question

    with (
        running(Service, broker=embedded_broker_url, concurrency=concurrency.name),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        assert steps == []
        entered = ["enter first", "enter second"]
        assert ProbeClient(cluster).ask(question="x") == "x"
        assert steps == [*entered, "exit second: None", "exit first: None"]
        steps.clear()
        with pytest.raises(Refusal):
            ProbeClient(cluster).ask(question="refuse")
        refusal = str(Refusal(reason="no"))
        assert steps == [*entered, f"exit second: {refusal}", f"exit first: {refusal}"]
        steps.clear()
        with pytest.raises(InternalError, match="SystemExit"):
            ProbeClient(cluster).ask(question="leave")
        assert steps == [*entered, "exit second: out", "exit first: out"]


def test_a_transaction_keeps_or_drops_and_its_failure_is_the_requests(embedded_broker_url: str) -> None:
    kept: list[str] = []

    @contextmanager
    def transaction() -> Iterator[list[str]]:
        pending: list[str] = []
        yield pending
        if "too much" in pending:
            raise OverflowError
        kept.extend(pending)

    class Service(Probe):
        pending = Managed(transaction)

        def ask(self, *, question: str) -> str:
            self.pending.append(question)
            if question == "refuse":
                raise Refusal(reason="no")
            return question

    with (
        running(Service, broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        probe = ProbeClient(cluster)
        probe.ask(question="a")
        with pytest.raises(Refusal):
            probe.ask(question="refuse")
        with pytest.raises(InternalError, match="OverflowError"):
            probe.ask(question="too much")
        probe.ask(question="b")
    assert kept == ["a", "b"]


def test_it_is_open_until_every_provider_has_seen_the_outcome(embedded_broker_url: str) -> None:
    steps: list[str] = []

    class Watching(DependencyProvider[None]):
        def get_dependency(self, context: WorkerContext) -> None:
            return None

        def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
            steps.append("result")

    class Service(Probe):
        thing = Managed(lambda: Thing(steps))
        watching = Watching()

    with running(Service, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        ProbeClient(cluster).ask(question="x")
    assert steps == ["enter thing", "result", "exit thing: None"]


def test_what_cannot_be_entered_fails_that_request_only(embedded_broker_url: str) -> None:
    broken = True
    left: list[str] = []

    @contextmanager
    def open_thing() -> Iterator[str]:
        if broken:
            raise ConnectionError
        yield "thing"
        left.append("left")

    class Service(Probe):
        thing = Managed(open_thing)

        def ask(self, *, question: str) -> str:
            return self.thing

    with running(Service, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        with pytest.raises(InternalError, match="ConnectionError"):
            ProbeClient(cluster).ask(question="x")
        broken = False
        assert ProbeClient(cluster).ask(question="x") == "thing"
    assert left == ["left"]


class StoreSettings(msgspec.Struct):
    """Where a thing is."""

    place: str


def per_process(open_thing: Callable[[StoreSettings], Thing]) -> tuple[type[Probe], type[Relay]]:
    class Asked(Probe):
        store = Managed(open_thing, StoreSettings, section="store", per="process")

        def ask(self, *, question: str) -> str:
            return f"{self.store.name} {self.store.open} {id(self.store)}"

    class Passing(Relay):
        cellar = Managed(open_thing, StoreSettings, section="store", per="process")

        def pass_on(self, *, question: str) -> str:
            return f"{self.cellar.name} {self.cellar.open} {id(self.cellar)}"

    return Asked, Passing


def test_per_process_it_is_entered_once_for_all_services_that_use_it(
    embedded_broker_url: str, concurrency: Backend
) -> None:
    steps: list[str] = []
    settings = {"store": {"place": "here"}, "other": {"place": "there"}}
    asked, passing = per_process(lambda store: Thing(steps, store.place))
    with running(asked, passing, broker=embedded_broker_url, concurrency=concurrency.name, config=settings):
        assert steps == ["enter here"]
        with svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster:
            first, second = ProbeClient(cluster).ask(question="x"), RelayClient(cluster).pass_on(question="x")
        assert first == second
        assert first.startswith("here True ")
        assert steps == ["enter here"]
    assert steps == ["enter here", "exit here: None"]


def test_two_things_of_a_process_are_two(embedded_broker_url: str) -> None:
    steps: list[str] = []

    def open_store(settings: StoreSettings) -> Thing:
        return Thing(steps, settings.place)

    class Service(Probe):
        one = Managed(open_store, StoreSettings, section="one", per="process")
        two = Managed(open_store, StoreSettings, section="two", per="process")

        def ask(self, *, question: str) -> str:
            return f"{self.one.name} {self.two.name}"

    settings = {"one": {"place": "here"}, "two": {"place": "there"}}
    with (
        running(Service, broker=embedded_broker_url, config=settings),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        assert ProbeClient(cluster).ask(question="x") == "here there"
    assert steps == ["enter here", "enter there", "exit there: None", "exit here: None"]


def test_what_the_process_cannot_enter_stops_the_start(embedded_broker_url: str) -> None:
    def refuse(settings: StoreSettings) -> Thing:
        raise ConnectionError("nobody there")

    services = per_process(refuse)
    for config, said in [
        ({"store": {"place": "x"}}, r"`store: Managed` of probe.v1.Probe cannot be set up: ConnectionError: nobody"),
        ({}, r"`store: Managed` .* \[config.store\] .*missing required field `place`"),
    ]:
        with pytest.raises(StartError, match=said), running(*services, broker=embedded_broker_url, config=config):
            pass


def test_a_typing_error_is_told_when_the_class_is_defined() -> None:
    with pytest.raises(ValueError, match="`per` is `worker` or `process`, not 'request'"):
        Managed(lambda: Thing([]), per="request")  # type: ignore[call-overload] # what a caller without mypy may write
