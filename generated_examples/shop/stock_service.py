"""Stock: prices and shelves."""

from decimal import Decimal
from typing import final

from sqlalchemy import func, select

from shop.common.v1 import Line
from shop.models import Article, Base
from shop.stock.v1 import OutOfStock, PriceChanged, StockBase, UnknownArticle
from svcrt import Logger, Session


@final
class Stock(StockBase):
    """Knows every article."""

    db = Session(Base)
    log = Logger()

    def price(self, *, sku: str) -> Decimal:
        return self._article(sku).price

    def reprice(self, *, sku: str, price: Decimal) -> None:
        self._article(sku).price = price
        # Committed before it is announced, so that whoever hears of it reads the new price.
        self.db.commit()
        self.publish.price_changed(PriceChanged(sku=sku, price=price))

    def reserve(self, *, lines: list[Line]) -> None:
        # In one order for everybody: two workers never wait for each other's articles.
        for line in sorted(lines, key=lambda line: line.sku):
            article = self._article(line.sku, reserved=True)
            if article.left < line.quantity:
                # The error rolls the lines before this one back: all or nothing.
                raise OutOfStock(sku=line.sku, left=article.left)
            article.left -= line.quantity

    def _article(self, sku: str, *, reserved: bool = False) -> Article:
        """Find an article; `reserved` keeps others from changing it until this method has ended."""
        article = self.db.get(Article, sku, with_for_update=reserved)
        if article is None:
            raise UnknownArticle(sku=sku)
        return article

    def heartbeat(self) -> None:
        articles = self.db.scalar(select(func.count(Article.sku)))
        self.log.info("this instance of Stock is alive and keeps %d articles", articles)
