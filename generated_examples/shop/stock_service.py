"""Stock: prices and shelves."""

from decimal import Decimal
from typing import final

from shop.common.v1 import Line
from shop.database import Database
from shop.stock.v1 import OutOfStock, PriceChanged, StockBase, UnknownArticle
from svcrt import Logger


@final
class Stock(StockBase):
    """Knows every article."""

    db = Database()
    log = Logger()

    def price(self, *, sku: str) -> Decimal:
        row = self.db.execute("SELECT price FROM articles WHERE sku = ?", (sku,)).fetchone()
        if row is None:
            raise UnknownArticle(sku=sku)
        return Decimal(row[0])

    def reprice(self, *, sku: str, price: Decimal) -> None:
        changed = self.db.execute("UPDATE articles SET price = ? WHERE sku = ?", (str(price), sku))
        if changed.rowcount == 0:
            raise UnknownArticle(sku=sku)
        # Committed before it is announced, so that whoever hears of it reads the new price.
        self.db.commit()
        self.publish.price_changed(PriceChanged(sku=sku, price=price))

    def reserve(self, *, lines: list[Line]) -> None:
        for line in lines:
            taken = self.db.execute(
                "UPDATE articles SET left = left - ? WHERE sku = ? AND left >= ?",
                (line.quantity, line.sku, line.quantity),
            )
            if taken.rowcount == 0:
                # The error rolls the lines before this one back: all or nothing.
                raise self._cannot_reserve(line.sku)

    def _cannot_reserve(self, sku: str) -> OutOfStock | UnknownArticle:
        row = self.db.execute("SELECT left FROM articles WHERE sku = ?", (sku,)).fetchone()
        return UnknownArticle(sku=sku) if row is None else OutOfStock(sku=sku, left=row[0])

    def heartbeat(self) -> None:
        articles = self.db.execute("SELECT count(*) FROM articles").fetchone()[0]
        self.log.info("this instance of Stock is alive and keeps %d articles", articles)
