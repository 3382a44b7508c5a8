"""Custom entrypoints: what `spawn` gives a run; the guide's code; the intake example's transport on both brokers."""

import re
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import amqp
import pytest

import svcrt
from amqp_client import connect
from cli_process import Running
from intake.legacy import LegacyQueue
from intake.service import LegacyInvoice
from probe_services import Probe, wait_until
from probe_v1 import ProbeClient
from svcrt import CustomEntrypoint, DependencyProvider, NotStarted, WorkerContext
from svcrt.concurrency import Backend
from svcrt.errors import InternalError
from svcrt.runner import Runner
from svcrt.testing import running
from svcrt.types import Outcome, Queue

GUIDE = Path(__file__).parents[2] / "docs" / "extensions.md"


class Door(CustomEntrypoint):
    """Lets a test run a method."""

    bound: "Door"

    def start(self) -> None:
        Door.bound = self


class Context(DependencyProvider[WorkerContext]):
    """Gives a method its own context."""

    def get_dependency(self, context: WorkerContext) -> WorkerContext:
        return context


class Seen(Probe):
    """Keeps the contexts of its runs."""

    contexts: list[WorkerContext]
    context = Context()
    door = Door()

    def again(self, *, question: str) -> Any:
        self.contexts.append(self.context)
        return question


def test_a_run_is_the_root_of_a_call_with_what_its_sender_says(embedded_broker_url: str) -> None:
    outcomes: list[Outcome] = []
    Seen.contexts = []
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with running(Seen, broker=embedded_broker_url):
        spawn = partial(Door.bound.spawn, Seen.again, {"question": "mine"}, outcomes.append)
        spawn()
        wait_until(lambda: len(outcomes) == 1)
        spawn(timeout=30.0, traceparent=trace, authorization="Bearer x", baggage={"tenant": "a"}, data={"file": 1})
        wait_until(lambda: len(outcomes) == 2)
    assert [outcome.result for outcome in outcomes] == ["mine", "mine"]
    plain, full = Seen.contexts
    assert (plain.service, plain.method, plain.remaining(), plain.data) == ("probe.v1.Probe", "again", None, {})
    remaining = full.remaining()
    assert remaining is not None
    assert 0 < remaining <= 30.0
    assert full.call.traceparent.split("-")[1] == trace.split("-")[1]
    assert full.call.traceparent != trace
    assert (full.call.authorization, full.call.baggage, full.data) == ("Bearer x", {"tenant": "a"}, {"file": 1})
    assert plain.call.call_id != full.call.call_id


def test_a_run_that_has_not_begun_when_the_service_stops_is_given_back(
    embedded_broker_url: str, concurrency: Backend
) -> None:
    outcomes: list[Outcome] = []
    entered, leave = concurrency.flag(), concurrency.flag()

    class Busy(Probe):
        door = Door()

        def take(self, *, number: int) -> int:
            entered.set()
            leave.wait(20)
            return number

    runner = Runner([Busy], broker=embedded_broker_url, concurrency=concurrency.name, max_workers=1)
    runner.start()
    for number in range(2):
        Door.bound.spawn(Busy.take, {"number": number}, outcomes.append)
    assert entered.wait(20)
    stop = concurrency.spawn(runner.stop, 20.0, name="stop")
    wait_until(lambda: outcomes, concurrency)
    assert isinstance(outcomes[0].error, NotStarted)
    leave.set()
    assert stop.join(20)
    assert [outcome.result for outcome in outcomes] == [None, 0]


# --- the guide


@pytest.fixture(scope="module")
def guide() -> dict[str, Any]:
    """The names that the code of docs/extensions.md defines, run as one module."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"__name__": "guide"}
    exec(compile("\n\n".join(blocks), str(GUIDE), "exec"), names)
    return names


def test_the_providers_of_the_guide_work(
    guide: dict[str, Any], embedded_broker_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Guided(Probe):
        clock = guide["Clock"]()
        db = guide["Database"]()
        counted = guide["Counted"]()

        def ask(self, *, question: str) -> str:
            self.db.execute("CREATE TABLE IF NOT EXISTS t (x)")
            self.db.execute("INSERT INTO t VALUES (?)", (question,))
            if question == "bad":
                raise LookupError
            return f"{self.clock.year} {self.db.execute('SELECT count(*) FROM t').fetchone()[0]}"

    config = {"database": str(tmp_path / "guide.db")}
    with (
        running(Guided, broker=embedded_broker_url, config=config),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        client = ProbeClient(cluster)
        assert client.ask(question="a").endswith(" 1")
        with pytest.raises(InternalError):
            client.ask(question="bad")
        assert client.ask(question="b").endswith(" 2")
    assert capsys.readouterr().out == "requests: 3\n"


def test_the_entrypoints_of_the_guide_work(guide: dict[str, Any], embedded_broker_url: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    taken: list[str] = []

    class Guided(Probe):
        def take(self, *, text: str) -> None:
            taken.append(text)
            if text == "bad":
                raise LookupError

        datagrams = guide["Datagrams"](port, calls=take)
        foreign = guide["ForeignQueue"](Queue(name="foreign"), calls=take)

    with running(Guided, broker=embedded_broker_url):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"by datagram", ("127.0.0.1", port))
        wait_until(lambda: taken == ["by datagram"])
        send(embedded_broker_url, "foreign", "bad", "good")
        wait_until(lambda: len(taken) == 3)
    assert sorted(taken[1:]) == ["bad", "good"]
    assert left(embedded_broker_url, "foreign") == 0


# --- the transport of the intake example


def send(url: str, queue: str, *bodies: str) -> None:
    """Send as a program does that knows nothing of our wire; headers are not text, either."""
    connection = connect(url)
    channel = connection.channel()
    for body in bodies:
        channel.basic_publish(amqp.Message(body, application_headers={"tries": 3, "urgent": True}), "", queue)
    channel.close()
    connection.close()


def left(url: str, queue: str) -> int:
    connection = connect(url)
    count: int = connection.channel().queue_declare(queue, passive=True).message_count
    connection.close()
    return count


def body(number: str) -> str:
    return f'{{"InvoiceNo": "{number}", "Cust": "Ada", "Total": "1,00"}}'


class Taker(Probe):
    """Takes foreign messages; a test says how."""

    take_one: Callable[[LegacyInvoice], None]

    def take(self, *, message: LegacyInvoice) -> None:
        type(self).take_one(message)

    legacy = LegacyQueue(Queue(name="legacy.invoices"), LegacyInvoice, calls=take)


def test_foreign_messages_are_taken_and_bad_ones_put_aside(broker_url: str, concurrency: Backend) -> None:
    taken: list[str] = []

    def take(message: LegacyInvoice) -> None:
        if message.number == "refused":
            raise LookupError("no such customer")
        taken.append(message.number)

    Taker.take_one = staticmethod(take)
    with running(Taker, broker=broker_url, concurrency=concurrency.name):
        send(broker_url, "legacy.invoices", body("1"), "no JSON", body("refused"), body("2"))
        wait_until(lambda: sorted(taken) == ["1", "2"] and left(broker_url, "legacy.invoices.failed") == 2, concurrency)
    assert left(broker_url, "legacy.invoices") == 0
    connection = connect(broker_url)
    channel = connection.channel()
    failed = [channel.basic_get("legacy.invoices.failed", no_ack=True) for _ in range(2)]
    assert {(each.body, each.headers["error"].partition(":")[0]) for each in failed} == {
        ("no JSON", "DecodeError"),
        (body("refused"), "LookupError"),
    }
    connection.close()


def test_a_stop_gives_back_what_has_not_begun_and_a_crash_what_has_not_ended(
    broker_url: str, concurrency: Backend
) -> None:
    entered, leave = concurrency.flag(), concurrency.flag()
    taken: list[str] = []

    def block(message: LegacyInvoice) -> None:
        entered.set()
        leave.wait(20)
        taken.append(message.number)

    Taker.take_one = staticmethod(block)
    start = partial(Runner, [Taker], broker=broker_url, concurrency=concurrency.name)
    crashing = start(max_workers=1)
    crashing.start()
    send(broker_url, "legacy.invoices", *map(body, "123"))
    assert entered.wait(20)
    crashing.kill()
    # What ran and never reported, and what was still to run.
    wait_until(lambda: left(broker_url, "legacy.invoices") == 3, concurrency)
    leave.set()
    # Only green threads can be killed: a native one ends what it has begun, and nobody hears of it.
    wait_until(lambda: concurrency.name == "green" or taken, concurrency)
    taken.clear()
    entered, leave = concurrency.flag(), concurrency.flag()
    stopping = start(max_workers=1)
    stopping.start()
    assert entered.wait(20)
    stop = concurrency.spawn(stopping.stop, 20.0, name="stop")
    leave.set()
    assert stop.join(20)
    done = list(taken)
    assert left(broker_url, "legacy.invoices") == 3 - len(done)
    with running(Taker, broker=broker_url, concurrency=concurrency.name):
        wait_until(lambda: len(taken) == 3, concurrency)
    assert sorted(taken) == ["1", "2", "3"]


def test_the_example_runs_as_its_users_run_it(broker_url: str, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    (tmp_path / "svcgen.toml").write_text(f'[config]\ninbox = "{inbox}"\nledger = "ledger.db"\n')
    variables = {"PYTHONPATH": str(GUIDE.parents[1] / "generated_examples")}
    arguments = ("intake.service:Intake", "--broker", broker_url, "--no-http")
    with Running(tmp_path, *arguments, variables=variables) as run:
        run.wait_for("is running")
        (inbox / "a.json").write_text('{"number": "F-1", "customer": "Ada", "amount": 12.5}')
        send(broker_url, "legacy.invoices", body("L-1"), "no JSON")
        run.wait_for(r"invoice F-1 over 12\.5 from file")
        run.wait_for(r"invoice L-1 over 1\.00 from legacy")
        run.wait_for("a message of legacy.invoices failed and is in legacy.invoices.failed")
        wait_until((inbox / "done" / "a.json").exists)
        assert run.stop() == 0
