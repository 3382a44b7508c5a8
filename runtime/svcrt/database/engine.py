"""One database of a process: its engine, which every service that names it shares."""

import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, QueuePool, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from svcrt.concurrency import backend
from svcrt.database.settings import DatabaseSettings
from svcrt.database.sqlite import Sqlite
from svcrt.errors import StartError
from svcrt.extensions import SharedExtension

log = logging.getLogger("svcrt.database")

CONNECT_SECONDS = 10
"""What a connection to PostgreSQL may take to open, unless the URL says `connect_timeout`; psycopg's own is 130 s."""
_CREATING_TABLES = 0x737663_67656E
"""Key of the advisory lock under which one process at a time makes tables in PostgreSQL."""


class Database(SharedExtension):
    """The engine of one database. `expect` during the setup of services; the engine is there from `start` on.

    Args:
        settings: which database, and how.
        concurrency: name of the back end that the process's workers run on.
    """

    engine: Engine

    def __init__(self, settings: DatabaseSettings, concurrency: str) -> None:
        self._settings = settings
        self._concurrency = backend(concurrency)
        self._workers = 0
        self._metadata: list[MetaData] = []
        self._sqlite: Sqlite | None = None

    def setup(self) -> None:
        """Check the URL and its driver; nothing is connected.

        Raises:
            StartError: the URL cannot be read, or its driver is not installed.
        """
        self._url = _read_url(self._settings.url)
        _load_driver(self._url)
        self._concurrency.adopt_driver(self._url.get_driver_name())

    def expect(self, workers: int, metadata: Iterable[MetaData]) -> None:
        """Make room in the pool for so many workers more, and note the tables that they need."""
        self._workers += workers
        self._metadata.extend(metadata)

    def start(self) -> None:
        """Make the engine and see whether the database is there; make missing tables if the settings say so.

        Raises:
            StartError: tables cannot be made, an SQLite file cannot be opened, or the URL asks for what its driver does
                not know. A server may come later.
        """
        try:
            self.engine = self._make_engine()
        except (SQLAlchemyError, ValueError) as error:
            raise StartError(f"the database {self._shown} cannot be used: {_cause(error)}") from error
        try:
            if self._settings.create_tables:
                with self.engine.begin() as connection:
                    _create_tables(connection, self._metadata)
            else:
                self.engine.connect().close()
        except SQLAlchemyError as error:
            if self._settings.create_tables or self._sqlite is not None:
                raise StartError(f"the database {self._shown} cannot be used: {_cause(error)}") from error
            log.warning(
                "the database %s cannot be used: %s; requests that need it fail until it can",
                self._shown,
                _cause(error),
            )

    def stop(self) -> None:
        """Close the pool's connections."""
        if hasattr(self, "engine"):
            self.engine.dispose()
        if self._sqlite is not None:
            self._sqlite.close()

    kill = stop

    @property
    def _shown(self) -> str:
        return self._url.render_as_string(hide_password=True)

    def _make_engine(self) -> Engine:
        settings = self._settings
        if settings.echo:
            # Not by create_engine(echo=True), which prints beside the process's own log.
            logging.getLogger("sqlalchemy.engine").setLevel(logging.INFO)
        options: dict[str, Any] = {
            "poolclass": QueuePool,
            # With every worker at work each still has a connection: nobody waits for the pool.
            "pool_size": settings.pool_size or self._workers,
            "max_overflow": settings.max_overflow,
            "pool_timeout": settings.pool_timeout,
            "pool_recycle": settings.pool_recycle or -1,
            "pool_pre_ping": True,
            # An error's text goes to the log; the values in it may be a customer's.
            "hide_parameters": not settings.echo,
        }
        if self._url.get_backend_name() == "sqlite" and self._url.get_driver_name() == "pysqlite":
            self._sqlite = Sqlite(self._url, self._concurrency)
            return self._sqlite.make_engine(options)
        if self._url.get_driver_name() == "psycopg" and "connect_timeout" not in self._url.query:
            options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
        return create_engine(self._url, **options)


def _read_url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        # The text is not repeated: it may hold a password.
        raise StartError(
            "the database's `url` cannot be read; it looks like `postgresql://user:password@host:5432/name` or "
            "`sqlite:///orders.db` (`@`, `/` and `:` in a password are `%40`, `%2F` and `%3A`)"
        ) from error
    if url.drivername in ("postgresql", "postgres"):
        # SQLAlchemy 2.0 would take psycopg2, which 2.1 and we do not.
        return url.set(drivername="postgresql+psycopg")
    return url


def _load_driver(url: URL) -> None:
    try:
        url.get_dialect().import_dbapi()
    except NoSuchModuleError as error:
        raise StartError(
            f"SQLAlchemy knows no database `{url.drivername}`; it knows `postgresql`, `sqlite`, `mysql+pymysql`, …"
        ) from error
    except ImportError as error:
        driver = url.get_driver_name()
        remedy = "pip install 'svcgen[postgresql]'" if driver == "psycopg" else "install it with pip"
        raise StartError(f"the database's `url` needs the driver `{driver}`, which is missing: {remedy}") from error


def _create_tables(connection: Connection, metadata: Iterable[MetaData]) -> None:
    # Several processes start at once, and two that find a table missing would both make it.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATING_TABLES})
    elif connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    for each in metadata:
        each.create_all(connection)


def _cause(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())
