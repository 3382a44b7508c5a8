"""The shop keeps its data in SQLite: a custom dependency provider, and the tables."""

import sqlite3

from svcrt import DependencyProvider, Outcome, WorkerContext

TABLES = """
CREATE TABLE IF NOT EXISTS articles (sku TEXT PRIMARY KEY, price TEXT NOT NULL, left INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, status TEXT NOT NULL, total TEXT NOT NULL, note TEXT, placed_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS lines (order_id TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS invoices (
    number INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE, amount TEXT NOT NULL, issued_at TEXT NOT NULL
);
INSERT OR IGNORE INTO articles VALUES
    ('TEAPOT-1', '24.90', 40), ('CUP-6', '12.50', 200), ('KETTLE-2', '89.00', 3);
"""


class Database(DependencyProvider[sqlite3.Connection]):
    """A connection of its own for every worker: committed on success, rolled back on error, closed always.

    The file is `database` in the `[config]` table of svcgen.toml.
    """

    def setup(self) -> None:
        self.path = str(self.container.config.get("database", "shop.db"))
        connection = sqlite3.connect(self.path)
        connection.executescript(TABLES)
        connection.close()

    def get_dependency(self, context: WorkerContext) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path)
        context.data["database"] = connection
        return connection

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        connection: sqlite3.Connection = context.data["database"]
        if outcome.error is None:
            connection.commit()
        else:
            connection.rollback()

    def worker_teardown(self, context: WorkerContext) -> None:
        context.data["database"].close()
