"""SQLite among workers that run side by side: who writes waits its turn, without keeping others from running.

By itself SQLite waits for a lock inside C. Under eventlet that stops the whole process, with it the worker that holds
the lock. Here SQLite never waits: what finds the database locked is tried again, others run meanwhile.
"""

import re
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL

from svcrt.types import Concurrency

PATIENCE = 5.0
"""Seconds that a statement waits for other writers, as in the `sqlite3` module, unless the URL says `?timeout=`."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
# Another writes, or reads the log of a file that several open at once. Not SQLITE_BUSY_SNAPSHOT: an unfinished SELECT
# of the same connection is too old for ever.
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)
# Either they change nothing, or they cannot be inside a transaction.
_WITHOUT_TRANSACTION = re.compile(
    r"\s*(SELECT|VALUES|EXPLAIN|PRAGMA|VACUUM|ATTACH|DETACH|BEGIN|COMMIT|END|ROLLBACK)\b", re.IGNORECASE
)


class Sqlite:
    """One SQLite database of a process.

    - The first statement that is not a SELECT, or is a SELECT ... FOR UPDATE, begins a transaction that may write
      (BEGIN IMMEDIATE): it is never refused in the middle, as one that began with reading can be, and all of it is
      rolled back together. Until then each SELECT sees what is committed, as in PostgreSQL.
    - Files are in WAL mode: readers and the writer do not wait for each other.
    - `:memory:` is a file in a temporary folder, since SQLite's own belongs to one connection.
    """

    def __init__(self, url: URL, concurrency: Concurrency) -> None:
        self._concurrency = concurrency
        self._patience = float(str(url.query.get("timeout", PATIENCE)))
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if url.database in (None, "", ":memory:") or url.query.get("mode") == "memory":
            self._folder = tempfile.TemporaryDirectory(prefix="svcgen-sqlite-")
            url = URL.create(url.drivername, database=str(Path(self._folder.name) / "memory.db"))
        self._url = url

    def make_engine(self, options: dict[str, Any]) -> Engine:
        """Return the engine. `isolation_level=None` leaves the transactions to us instead of the `sqlite3` module."""
        # Workers of the threads back end hand connections to each other through the pool.
        arguments = {"timeout": 0, "isolation_level": None, "check_same_thread": False}
        engine = create_engine(self._url, connect_args=arguments, **options)
        event.listen(engine, "connect", self._on_connect)
        event.listen(engine, "do_execute", self._execute)
        event.listen(engine, "do_executemany", self._execute_many)
        event.listen(engine, "do_execute_no_params", self._execute_without)
        return engine

    def close(self) -> None:
        """Remove a temporary database."""
        if self._folder is not None:
            self._folder.cleanup()

    def _on_connect(self, connection: sqlite3.Connection, _record: object) -> None:
        if self._patiently(connection.execute, "PRAGMA journal_mode").fetchone() != ("wal",):
            self._patiently(connection.execute, "PRAGMA journal_mode = WAL")
        # Other databases check them, too.
        connection.execute("PRAGMA foreign_keys = ON")

    def _execute(self, cursor: sqlite3.Cursor, statement: str, parameters: Any, context: Any) -> bool:
        self._begin(cursor, statement, context)
        self._patiently(cursor.execute, statement, parameters)
        return True

    def _execute_many(self, cursor: sqlite3.Cursor, statement: str, parameters: Any, context: Any) -> bool:
        self._begin(cursor, statement, context)
        self._patiently(cursor.executemany, statement, parameters)
        return True

    def _execute_without(self, cursor: sqlite3.Cursor, statement: str, context: Any) -> bool:
        return self._execute(cursor, statement, (), context)

    def _begin(self, cursor: sqlite3.Cursor, statement: str, context: Any) -> None:
        if cursor.connection.in_transaction:
            return
        if not _WITHOUT_TRANSACTION.match(statement) or _is_for_update(context):
            self._patiently(cursor.execute, "BEGIN IMMEDIATE")

    def _patiently(self, execute: Callable[..., sqlite3.Cursor], *arguments: Any) -> sqlite3.Cursor:
        deadline = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                return execute(*arguments)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode not in _PASSING or time.monotonic() > deadline:
                    raise
            self._concurrency.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _is_for_update(context: Any) -> bool:
    # SQLite's SQL has no words for it, so it is not in the statement's text.
    statement = getattr(getattr(context, "compiled", None), "statement", None)
    return getattr(statement, "_for_update_arg", None) is not None
