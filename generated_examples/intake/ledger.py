"""The invoices, in SQLite: a dependency provider with a connection for every worker."""

import sqlite3
from decimal import Decimal

from intake.v1 import Invoice, Origin
from svcrt import DependencyProvider, WorkerContext

TABLE = """
CREATE TABLE IF NOT EXISTS invoices (
    number TEXT PRIMARY KEY, customer TEXT NOT NULL, amount TEXT NOT NULL, origin TEXT NOT NULL
)
"""


class Books:
    """What a method works with. Every statement is a transaction of its own."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def find(self, number: str) -> Invoice | None:
        query = "SELECT number, customer, amount, origin FROM invoices WHERE number = ?"
        row = self._connection.execute(query, (number,)).fetchone()
        if row is None:
            return None
        return Invoice(number=row[0], customer=row[1], amount=Decimal(row[2]), origin=Origin(row[3]))

    def enter(self, invoice: Invoice) -> None:
        """Keep an invoice; one that is there already stays as it is."""
        row = (invoice.number, invoice.customer, str(invoice.amount), invoice.origin.value)
        self._connection.execute("INSERT OR IGNORE INTO invoices VALUES (?, ?, ?, ?)", row)

    def close(self) -> None:
        self._connection.close()


class Ledger(DependencyProvider[Books]):
    """The file is `ledger` in the `[config]` table of svcgen.toml."""

    def setup(self) -> None:
        self.path = str(self.container.config.get("ledger", "ledger.db"))
        connection = sqlite3.connect(self.path)
        connection.execute(TABLE)
        connection.close()

    def get_dependency(self, context: WorkerContext) -> Books:
        books = Books(self.path)
        context.data["books"] = books
        return books

    def worker_teardown(self, context: WorkerContext) -> None:
        context.data["books"].close()
