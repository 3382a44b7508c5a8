"""Sessions: what is kept and what is not, shared engines, settings, on SQLite and on PostgreSQL."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, QueuePool, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import svcrt
from amqp_client import connect
from database_services import Base, Entry, Keeper, config
from probe_services import Listener, Relay, wait_until
from probe_v1 import Happened, ProbeClient, Refusal, RelayClient
from probe_v1.contract import HAPPENED
from rabbitmq_node import find_free_port
from svcrt import Session
from svcrt.concurrency import Backend
from svcrt.errors import InternalError, StartError
from svcrt.runner import Runner
from svcrt.testing import running

Kept = Callable[[], list[str]]


def test_what_succeeds_is_kept_and_what_fails_is_not(
    embedded_broker_url: str, concurrency: Backend, database_url: str, kept: Kept
) -> None:
    with (
        running(Keeper, broker=embedded_broker_url, concurrency=concurrency.name, config=config(database_url)),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        probe = ProbeClient(cluster)
        assert probe.ask(question="first") == "1"
        # Before the reply, not some time after it.
        assert kept() == ["first"]
        with pytest.raises(InternalError, match="RuntimeError"):
            probe.ask(question="fail")
        with pytest.raises(Refusal):
            probe.ask(question="refuse")
        with pytest.raises(InternalError, match="SystemExit"):
            probe.ask(question="leave")
        assert probe.ask(question="second") == "2"
    assert kept() == ["first", "second"]


def test_a_commit_that_fails_fails_the_request_and_nothing_else(
    embedded_broker_url: str, concurrency: Backend, database_url: str, kept: Kept
) -> None:
    with (
        running(Keeper, broker=embedded_broker_url, concurrency=concurrency.name, config=config(database_url)),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        probe = ProbeClient(cluster)
        probe.one_at_a_time(question="once")
        with pytest.raises(InternalError, match="IntegrityError"):
            probe.one_at_a_time(question="once")
        probe.one_at_a_time(question="other")
    assert kept() == ["once", "other"]


def parked(channel: Any, queue: str) -> bool:
    return bool(channel.queue_declare(queue, passive=True).message_count == 1)


def test_events_and_jobs_are_kept_too_and_parked_when_the_commit_fails(
    embedded_broker_url: str, database_url: str, kept: Kept
) -> None:
    class Hearing(Listener):
        db = Session(Base)

        def on_pool(self, event: Happened) -> None:
            self.db.add(Entry(text=event.what))

    with (
        running(Keeper, Hearing, broker=embedded_broker_url, config=config(database_url)),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        ProbeClient(cluster).remember(text="job")
        wait_until(lambda: kept() == ["job"])
        cluster.emit(HAPPENED, Happened(what="event"))
        wait_until(lambda: kept() == ["event", "job"])
        ProbeClient(cluster).remember(text="job")
        cluster.emit(HAPPENED, Happened(what="event"))
        raw = connect(embedded_broker_url)
        wait_until(partial(parked, raw.channel(), "svc.dead.probe.v1.Probe"))
        wait_until(partial(parked, raw.channel(), "svc.dead.probe.v1.Listener"))
        raw.close()
    assert kept() == ["event", "job"]


class Sharing(Relay):
    """Uses the database of `Keeper`."""

    db = Session(Base)


def test_services_of_a_process_share_one_engine_with_a_connection_for_every_worker(
    embedded_broker_url: str, database_url: str
) -> None:
    engines: set[Engine] = set()
    at_once = threading.Barrier(6)

    def use(session: Any) -> str:
        assert session.scalar(select(1)) == 1
        engines.add(session.get_bind())
        # Passed only when the workers of both services hold a connection at the same time.
        at_once.wait(timeout=30)
        return ""

    class First(Keeper):
        def ask(self, *, question: str) -> str:
            return use(self.db)

    class Second(Sharing):
        def pass_on(self, *, question: str) -> str:
            return use(self.db)

    settings = config(database_url, pool_timeout=0.0)
    with (
        running(First, Second, broker=embedded_broker_url, config=settings, max_workers=3),
        svcrt.connect(embedded_broker_url) as cluster,
        ThreadPoolExecutor(6) as callers,
    ):
        calls = [lambda: ProbeClient(cluster).ask(question="x", timeout=40.0)] * 3
        calls += [lambda: RelayClient(cluster).pass_on(question="x", timeout=40.0)] * 3
        assert [answer.result() for answer in [callers.submit(call) for call in calls]] == [""] * 6
        (engine,) = engines
        pool = engine.pool
        assert isinstance(pool, QueuePool)
        assert (pool.size(), pool.checkedin(), pool.checkedout()) == (6, 6, 0)
    # Closed when the process's services have stopped.
    assert pool.checkedin() == 0


class OtherBase(DeclarativeBase):
    """Tables of another database."""


class Figure(OtherBase):
    """Something counted."""

    __tablename__ = "figures"

    name: Mapped[str] = mapped_column(primary_key=True)


def test_a_service_uses_several_databases(
    embedded_broker_url: str, database_url: str, kept: Kept, tmp_path: Path
) -> None:
    class Reporting(Keeper):
        reporting = Session(OtherBase, section="stores.reporting")

        def ask(self, *, question: str) -> str:
            self.reporting.add(Figure(name=question))
            return super().ask(question=question)

    other_url = f"sqlite:///{tmp_path}/other.db"
    other = {"url": other_url, "create_tables": True}
    with (
        running(
            Reporting,
            broker=embedded_broker_url,
            config={**config(database_url), "stores": {"reporting": other}},
        ),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        ProbeClient(cluster).ask(question="both")
        with pytest.raises(InternalError):
            ProbeClient(cluster).ask(question="fail")
    assert kept() == ["both"]
    engine = create_engine(other_url)
    with engine.connect() as connection:
        assert connection.scalars(select(Figure.name)).all() == ["both"]
    engine.dispose()


def test_a_database_holds_the_tables_of_several_bases(
    embedded_broker_url: str, concurrency: Backend, database_url: str, kept: Kept
) -> None:
    class Counting(Keeper):
        db = Session(Base, OtherBase)

        def ask(self, *, question: str) -> str:
            self.db.add(Figure(name=question))
            super().ask(question=question)
            return ",".join(self.db.scalars(select(Figure.name)))

    with (
        running(Counting, broker=embedded_broker_url, concurrency=concurrency.name, config=config(database_url)),
        svcrt.connect(embedded_broker_url, concurrency=concurrency.name) as cluster,
    ):
        with pytest.raises(InternalError):
            ProbeClient(cluster).ask(question="fail")
        # One transaction for both: what failed is in neither.
        assert ProbeClient(cluster).ask(question="both") == "both"
    assert kept() == ["both"]


def test_a_database_that_is_away_fails_only_what_needs_it(
    embedded_broker_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"postgresql://me:hush@127.0.0.1:{find_free_port()}/nowhere"
    settings = {"database": {"url": url}}
    with (
        running(Keeper, broker=embedded_broker_url, config=settings),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        assert "postgresql+psycopg://me:***@" in caplog.text
        assert "cannot be used" in caplog.text
        assert ProbeClient(cluster).again(question="x").answer == "x"
        with pytest.raises(InternalError, match="OperationalError"):
            ProbeClient(cluster).ask(question="x")
    assert "hush" not in caplog.text


def test_a_connection_that_died_in_the_pool_is_replaced(embedded_broker_url: str, postgresql_url: str) -> None:
    with (
        running(Keeper, broker=embedded_broker_url, config=config(postgresql_url)),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        assert ProbeClient(cluster).ask(question="first") == "1"
        engine = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with engine.connect() as connection:
            assert connection.scalar(text(f"SELECT count(pg_terminate_backend(pid)) {others}")) == 1
            wait_until(lambda: connection.scalar(text(f"SELECT count(*) {others}")) == 0)
        engine.dispose()
        assert ProbeClient(cluster).ask(question="second") == "2"


def test_processes_that_start_together_make_the_tables_once(embedded_broker_url: str, database_url: str) -> None:
    settings = config(database_url)
    runners = [Runner([Keeper], broker=embedded_broker_url, concurrency="threads", config=settings) for _ in range(4)]
    failures: list[BaseException] = []

    def start(runner: Runner) -> None:
        try:
            runner.start()
        except StartError as error:
            failures.append(error)

    threads = [threading.Thread(target=start, args=[runner]) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for runner in runners:
        runner.stop()
    assert failures == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, r'no database is named: set `url` in \[config.database\] of svcgen.toml, as in url = "sqlite:///'),
        ({"database": "sqlite://"}, r"no database is named: set `url` in \[config.database\]"),
        ({"database": {"url": "sqlite://", "pool": 3}}, r"\[config.database\] .*unknown field `pool`"),
        ({"database": {"url": "sqlite://", "pool_size": 0}}, r"\[config.database\] .*`int` >= 1 - at `\$.pool_size`"),
        (
            {"database": {"url": "sqlite://?timeout=soon"}},
            r"the database sqlite://\?timeout=soon cannot be used: .*soon",
        ),
        ({"database": {"url": "hush"}}, r"`url` cannot be read; it looks like `postgresql://"),
        ({"database": {"url": "postgresql+pg8000://x/y"}}, r"needs the driver `pg8000`, which is missing"),
        ({"database": {"url": "mongo://x/y"}}, r"SQLAlchemy knows no database `mongo`"),
        ({"database": {"url": "sqlite:////no/such/folder/x.db"}}, r"the database sqlite:////no/such.* cannot be used"),
        (
            {"database": {"url": "postgresql://me:hush@127.0.0.1:1/x", "create_tables": True}},
            r"the database postgresql\+psycopg://me:\*\*\*@127.0.0.1:1/x cannot be used: .*[Cc]onnection refused",
        ),
    ],
)
def test_wrong_settings_stop_the_start_with_a_sentence(
    embedded_broker_url: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(StartError, match=said) as caught, running(Keeper, broker=embedded_broker_url, config=settings):
        pass
    assert "hush" not in str(caught.value)


def test_values_stay_out_of_the_log_unless_asked_for(
    embedded_broker_url: str, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def log_of_a_failure(**settings: object) -> str:
        caplog.clear()
        with (
            running(Keeper, broker=embedded_broker_url, config=config(sqlite_url, **settings)),
            svcrt.connect(embedded_broker_url) as cluster,
        ):
            for _ in range(2):
                try:
                    ProbeClient(cluster).one_at_a_time(question="a customer's name")
                except InternalError:
                    continue
        return caplog.text

    assert "UNIQUE constraint failed" in (quiet := log_of_a_failure())
    assert "a customer's name" not in quiet
    caplog.set_level(logging.INFO)
    try:
        assert "a customer's name" in log_of_a_failure(echo=True)
    finally:
        logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
