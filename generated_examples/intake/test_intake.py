"""intake, tested: the class alone; files and foreign messages on a running service; stops and crashes in between."""

import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

import svcrt
from intake.ledger import TABLE, Books
from intake.legacy_system import send
from intake.service import Intake, LegacyInvoice
from intake.v1 import IntakeClient, InvoiceReceived, Origin
from svcrt.embedded import EmbeddedBroker
from svcrt.errors import StartError
from svcrt.testing import build, running


class Site:
    """A broker, a folder, and what was said about invoices."""

    def __init__(self, broker: str, folder: Path, log: pytest.LogCaptureFixture) -> None:
        self.broker = broker
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.config = {"inbox": str(self.inbox), "ledger": str(folder / "ledger.db")}
        self._log = log

    def put(self, name: str, **fields: object) -> None:
        (self.inbox / name).write_text(json.dumps(fields))

    def put_invoices(self, count: int) -> set[str]:
        for number in range(count):
            self.put(f"{number:02}.json", number=f"F-{number:02}", customer="Ada", amount=number)
        return {f"{number:02}.json" for number in range(count)}

    def files(self, folder: str = ".") -> set[str]:
        return {path.name for path in (self.inbox / folder).glob("[!.]*") if path.is_file()}

    def said(self, text: str) -> bool:
        return any(record.getMessage() == text for record in self._log.records)

    def entered(self) -> list[str]:
        """Numbers of the invoices that were entered, as often as they were."""
        said = [record.getMessage().split() for record in self._log.records if record.name == "intake.v1.Intake"]
        return sorted(words[1] for words in said if words[2] == "over")


@pytest.fixture
def site(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Site]:
    caplog.set_level("INFO")
    with EmbeddedBroker() as broker:
        yield Site(broker.url, tmp_path, caplog)


def eventually(condition: Callable[[], object], within: float = 30.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class Announced:
    """In the place of the publisher."""

    def __init__(self) -> None:
        self.events: list[InvoiceReceived] = []

    def invoice_received(self, event: InvoiceReceived) -> None:
        self.events.append(event)


def test_the_methods_are_plain_python() -> None:
    connection = sqlite3.connect("file:alone?mode=memory&cache=shared", uri=True)
    connection.execute(TABLE)
    books, announced = Books("file:alone?mode=memory&cache=shared"), Announced()
    intake = build(Intake, ledger=books, publish=announced, log=logging.getLogger("test"))
    for _ in range(2):
        intake.take_legacy(message=LegacyInvoice(number="L-1", customer="Ada", total="1.299,90"))
    found = intake.get(number="L-1")
    assert (found.amount, found.origin) == (Decimal("1299.90"), Origin.LEGACY)
    assert [event.invoice for event in announced.events] == [found]
    books.close()
    connection.close()


def test_a_file_becomes_an_invoice(site: Site) -> None:
    with running(Intake, broker=site.broker, config=site.config), svcrt.connect(site.broker) as cluster:
        site.put("a.json", number="F-1", customer="Ada", amount=12.5)
        eventually(lambda: site.files("done") == {"a.json"})
        assert IntakeClient(cluster).get(number="F-1").amount == Decimal("12.5")
    assert site.files() == set()


def test_a_folder_has_to_be_named(site: Site) -> None:
    config = {"ledger": site.config["ledger"]}
    with (
        pytest.raises(StartError, match="say which folder to watch"),
        running(Intake, broker=site.broker, config=config),
    ):
        pass


def test_a_file_that_is_being_written_is_left_alone(site: Site) -> None:
    hidden = site.inbox / ".b.json"
    hidden.write_text('{"number": "F-2", ')
    with (
        running(Intake, broker=site.broker, config=site.config),
        (site.inbox / "slow.json").open("w") as slow,
    ):
        slow.write('{"number": "F-1", "customer": "')
        site.put("quick.json", number="F-3", customer="Ada", amount=1)
        while "quick.json" not in site.files("done"):
            slow.write("A")
            slow.flush()
            time.sleep(0.01)
        assert site.files() == {"slow.json"}
        slow.write('", "amount": 1}')
        slow.close()
        hidden.write_text('{"number": "F-2", "customer": "Ada", "amount": 2}')
        hidden.rename(site.inbox / "b.json")
        eventually(lambda: site.files("done") == {"quick.json", "slow.json", "b.json"})
    assert site.entered() == ["F-1", "F-2", "F-3"]


def test_what_cannot_be_read_is_put_aside_with_the_reason(site: Site) -> None:
    site.put("bad.json", number="F-1", amount=1)
    with running(Intake, broker=site.broker, config=site.config):
        eventually(lambda: site.files("failed") == {"bad.json", "bad.json.error"})
        site.put("bad.json", number=7)
        eventually(lambda: len(site.files("failed")) == 4)
        site.put("good.json", number="F-2", customer="Ada", amount=1)
        eventually(lambda: site.files("done") == {"good.json"})
    reason = (site.inbox / "failed" / "bad.json.error").read_text()
    assert reason == "ValidationError: Object missing required field `customer`\n"


def test_a_restart_handles_every_file_once(site: Site) -> None:
    files = site.put_invoices(30)
    for least in (1, 5, 9):
        with running(Intake, broker=site.broker, config=site.config, max_workers=2):
            while len(site.files("done")) < least:
                time.sleep(0.01)
        assert site.files() | site.files("done") == files
    with running(Intake, broker=site.broker, config=site.config):
        eventually(lambda: site.files("done") == files)
    assert site.entered() == [f"F-{number:02}" for number in range(30)]


def test_of_two_instances_one_has_the_folder_and_the_other_follows(site: Site) -> None:
    with ExitStack() as first, running(Intake, broker=site.broker, config=site.config):
        first.enter_context(running(Intake, broker=site.broker, config=site.config))
        files = site.put_invoices(10)
        eventually(lambda: site.files("done") == files)
        first.close()
        site.put("later.json", number="F-later", customer="Ada", amount=1)
        eventually(lambda: "later.json" in site.files("done"))
    assert site.entered() == [*(f"F-{number:02}" for number in range(10)), "F-later"]


def test_a_foreign_message_becomes_an_invoice(site: Site) -> None:
    with running(Intake, broker=site.broker, config=site.config), svcrt.connect(site.broker) as cluster:
        body = '{"InvoiceNo": "L-1", "Cust": "Ada", "Total": "1.212,50"}'
        send(site.broker, body)
        eventually(lambda: site.entered() == ["L-1"])
        assert IntakeClient(cluster).get(number="L-1").amount == Decimal("1212.50")
        send(site.broker, body, body.replace("L-1", "L-2"))
        eventually(lambda: site.entered() == ["L-1", "L-2"])
    assert site.said("invoice L-1 has come in before")
