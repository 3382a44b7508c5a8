"""SQLite among workers that run side by side, in one process and in several."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import ForeignKey, make_url, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

import svcrt
from database_services import Base, Entry, Keeper, config
from probe_services import Relay
from probe_v1 import ProbeClient, RelayClient
from svcrt import Session
from svcrt.concurrency import Backend
from svcrt.database.sqlite import Sqlite
from svcrt.errors import InternalError
from svcrt.testing import running


class Remark(Base):
    """Belongs to an entry."""

    __tablename__ = "remarks"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))


def texts(url: str) -> list[str]:
    """Return what is kept, read by a connection of the test's own."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return [text for (text,) in connection.execute("SELECT text FROM entries ORDER BY text")]
    finally:
        connection.close()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the file's write lock, as another process would."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


def test_writers_of_two_processes_wait_for_each_other(embedded_broker_url: str, sqlite_url: str) -> None:
    """Two runners have nothing in common but the file, as two processes have."""
    settings = config(sqlite_url)
    with (
        running(Keeper, broker=embedded_broker_url, config=settings),
        running(Keeper, broker=embedded_broker_url, config=settings),
        svcrt.connect(embedded_broker_url) as cluster,
        ThreadPoolExecutor(16) as callers,
    ):
        answers = list(callers.map(lambda number: ProbeClient(cluster).ask(question=f"{number:03}"), range(200)))
    assert texts(sqlite_url) == [f"{number:03}" for number in range(200)]
    # Each saw its own entry and all before it: none began on what another was about to change.
    assert sorted(map(int, answers)) == list(range(1, 201))


def test_a_worker_that_waits_for_the_lock_keeps_its_holder_running(
    embedded_broker_url: str, concurrency: Backend, sqlite_url: str
) -> None:
    """Were the wait inside SQLite, it would stop all green threads of the process, and so the one that has the lock."""
    first_holds, second_waits = concurrency.flag(), concurrency.flag()

    class Holding(Keeper):
        def ask(self, *, question: str) -> str:
            answer = super().ask(question=question)
            first_holds.set()
            assert second_waits.wait(30)
            concurrency.sleep(0.05)
            return answer

    class Waiting(Relay):
        db = Session(Base)

        def pass_on(self, *, question: str) -> str:
            second_waits.set()
            self.db.add(Entry(text=question))
            self.db.flush()
            return "waited"

    with (
        running(Holding, Waiting, broker=embedded_broker_url, concurrency=concurrency.name, config=config(sqlite_url)),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        first = concurrency.channel()
        concurrency.spawn(lambda: first.put(ProbeClient(cluster).ask(question="first")), name="first")
        assert first_holds.wait(30)
        assert RelayClient(cluster).pass_on(question="second") == "waited"
        assert first.get(timeout=30) == "1"
    assert texts(sqlite_url) == ["first", "second"]


def test_who_only_reads_does_not_wait_for_a_writer(embedded_broker_url: str, sqlite_url: str) -> None:
    class Reading(Keeper):
        def ask(self, *, question: str) -> str:
            return str(self.db.query(Entry).count())

    settings = config(f"{sqlite_url}?timeout=0.1")
    with (
        running(Reading, broker=embedded_broker_url, config=settings),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        probe = ProbeClient(cluster)
        probe.one_at_a_time(question="first")
        with locked(sqlite_url):
            assert probe.ask(question="how many?") == "1"
            # Who writes does, and gives up when the URL says so.
            with pytest.raises(InternalError, match="OperationalError"):
                probe.one_at_a_time(question="second")
        probe.one_at_a_time(question="third")
    assert texts(sqlite_url) == ["first", "third"]


class Counter(Base):
    """A number that is read, changed and written."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


def test_select_for_update_keeps_others_from_changing_what_was_read(embedded_broker_url: str, sqlite_url: str) -> None:
    class Counting(Keeper):
        def ask(self, *, question: str) -> str:
            counter = self.db.get(Counter, question, with_for_update=True)
            if counter is None:
                counter = Counter(name=question, value=0)
                self.db.add(counter)
            counter.value += 1
            return str(counter.value)

    settings = config(sqlite_url)
    with (
        running(Counting, broker=embedded_broker_url, config=settings),
        running(Counting, broker=embedded_broker_url, config=settings),
        svcrt.connect(embedded_broker_url) as cluster,
        ThreadPoolExecutor(16) as callers,
    ):
        answers = list(callers.map(lambda _: ProbeClient(cluster).ask(question="x"), range(100)))
    assert sorted(map(int, answers)) == list(range(1, 101))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO entries (text) VALUES ('x')",
        "/* a comment */ INSERT INTO entries (text) VALUES ('x')",
        "WITH given(word) AS (VALUES ('x')) INSERT INTO entries (text) SELECT word FROM given",
        "CREATE TABLE late (id INTEGER)",
    ],
)
def test_whatever_writes_is_rolled_back(embedded_broker_url: str, sqlite_url: str, statement: str) -> None:
    class Failing(Keeper):
        def ask(self, *, question: str) -> str:
            self.db.execute(text(statement))
            raise RuntimeError

    with (
        running(Failing, broker=embedded_broker_url, config=config(sqlite_url)),
        svcrt.connect(embedded_broker_url) as cluster,
        pytest.raises(InternalError),
    ):
        ProbeClient(cluster).ask(question="x")
    assert texts(sqlite_url) == []
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'late'").fetchone() == (0,)
    connection.close()


def test_a_savepoint_is_part_of_the_whole(embedded_broker_url: str, sqlite_url: str) -> None:
    class Nesting(Keeper):
        def ask(self, *, question: str) -> str:
            with self.db.begin_nested():
                self.db.add(Entry(text="kept if the method succeeds"))
            try:
                with self.db.begin_nested():
                    self.db.add(Entry(text="kept if the method succeeds"))
            except IntegrityError:
                self.db.add(Entry(text=question))
            if question == "fail":
                raise RuntimeError
            return "done"

    with (
        running(Nesting, broker=embedded_broker_url, config=config(sqlite_url)),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        with pytest.raises(InternalError):
            ProbeClient(cluster).ask(question="fail")
        assert texts(sqlite_url) == []
        ProbeClient(cluster).ask(question="x")
    assert texts(sqlite_url) == ["kept if the method succeeds", "x"]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_memory_is_shared_by_all_workers_and_gone_at_the_end(
    embedded_broker_url: str, concurrency: Backend, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    class Counting(Relay):
        db = Session(Base)

        def pass_on(self, *, question: str) -> str:
            return str(self.db.query(Entry).count())

    with (
        running(Keeper, Counting, broker=embedded_broker_url, concurrency=concurrency.name, config=config(url)),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        for number in range(1, 6):
            assert ProbeClient(cluster).ask(question=str(number)) == str(number)
            assert RelayClient(cluster).pass_on(question="how many?") == str(number)
        assert list(tmp_path.iterdir()) != []
    assert list(tmp_path.iterdir()) == []


def test_foreign_keys_hold(embedded_broker_url: str, sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    class Remarking(Keeper):
        def ask(self, *, question: str) -> str:
            self.db.add(Remark(entry_id=17))
            return ""

    with (
        running(Remarking, broker=embedded_broker_url, config=config(sqlite_url)),
        svcrt.connect(embedded_broker_url) as cluster,
        pytest.raises(InternalError, match="IntegrityError"),
    ):
        ProbeClient(cluster).ask(question="x")
    assert "FOREIGN KEY constraint failed" in caplog.text


def test_who_recovers_the_log_of_a_file_is_waited_for(concurrency: Backend, tmp_path: Path) -> None:
    """Processes that open a file at the same moment meet it now and then: here the first two attempts do."""
    answers = iter([sqlite3.SQLITE_BUSY_RECOVERY, sqlite3.SQLITE_BUSY])

    def execute(statement: str) -> sqlite3.Cursor:
        code = next(answers, None)
        if code is not None:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = code
            raise error
        return connection.execute(statement)

    with closing(sqlite3.connect(tmp_path / "entries.db")) as connection:
        database = Sqlite(make_url("sqlite://"), concurrency)
        assert database._patiently(execute, "SELECT 1").fetchone() == (1,)
        database.close()
