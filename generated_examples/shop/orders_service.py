"""Orders: asks Stock, tells Billing, hears of payments, reports in the background, counts by the clock."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import final
from uuid import UUID, uuid4

from sqlalchemy import func, select

from shop import models
from shop.billing.v1 import InvoiceNotFound, PaymentSettled
from shop.common.v1 import Line
from shop.orders.v1 import Draft, Order, OrderNotFound, OrderPlaced, OrdersBase, OrderStatus, OrderTooLarge
from shop.prices import Prices
from shop.stock.v1 import PriceChanged
from svcrt import Logger, Request, Response, Session

LARGEST = Decimal(1_000_000)
"""What an order may come to, in EUR: what `Money` holds."""


@final
class Orders(OrdersBase):
    """Takes orders."""

    db = Session(models.Base)
    prices = Prices()
    log = Logger()

    def place(self, *, draft: Draft) -> Order:
        total = sum((self._price(line.sku) * line.quantity for line in draft.lines), Decimal(0))
        if total > LARGEST:
            raise OrderTooLarge(limit=LARGEST)
        self.stock.reserve(lines=draft.lines)
        kept = models.Order(id=uuid4(), total=total, note=draft.note, placed_at=datetime.now(UTC))
        kept.lines = [models.Line(sku=line.sku, quantity=line.quantity) for line in draft.lines]
        self.db.add(kept)
        # Kept before it is announced: the payment may arrive before this method has returned.
        self.db.commit()
        order = _travelling(kept)
        self.publish.order_placed(OrderPlaced(order=order))
        self.log.info("order %s placed over %s EUR", order.id, order.total)
        return order

    def get(self, *, id: UUID) -> Order:
        kept = self.db.get(models.Order, id)
        if kept is None:
            raise OrderNotFound(id=id)
        return _travelling(kept)

    def search(self, *, status: OrderStatus | None = None, limit: int = 20) -> list[Order]:
        newest = select(models.Order).order_by(models.Order.placed_at.desc()).limit(limit)
        if status is not None:
            newest = newest.where(models.Order.status == status)
        return [_travelling(kept) for kept in self.db.scalars(newest)]

    def report(self, *, title: str = "Sales") -> None:
        invoiced = Decimal(0)
        orders = self.search(limit=100)
        for order in orders:
            try:
                invoiced += self.billing.invoice(order_id=order.id).amount
            except InvoiceNotFound:
                continue  # placed a moment ago: its invoice is in the next report
        self.log.info("report %r: %d orders, %s EUR invoiced", title, len(orders), invoiced)

    def export(self, request: Request) -> Response:
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["id", "status", "total", "placed_at"])
        for order in self.db.scalars(select(models.Order).order_by(models.Order.placed_at)):
            writer.writerow([order.id, order.status, order.total, order.placed_at.isoformat()])
        return Response(table.getvalue(), mimetype="text/csv")

    def on_payment_settled(self, event: PaymentSettled) -> None:
        order = self.db.get(models.Order, event.order_id)
        if order is not None:
            order.status = OrderStatus.PAID
            self.log.info("order %s is paid", event.order_id)

    def on_price_changed(self, event: PriceChanged) -> None:
        self.prices.pop(event.sku, None)
        self.log.info("the price of %s is %s EUR now", event.sku, event.price)

    def count_unpaid(self) -> None:
        placed = select(func.count(models.Order.id)).where(models.Order.status == OrderStatus.PLACED)
        unpaid = self.db.scalar(placed)
        self.log.info("the clock ticked: %d orders wait for their money", unpaid)

    def _price(self, sku: str) -> Decimal:
        if sku not in self.prices:
            self.prices[sku] = self.stock.price(sku=sku)
        return self.prices[sku]


def _travelling(kept: models.Order) -> Order:
    """Return an order as the contract has it."""
    return Order(
        id=kept.id,
        status=OrderStatus(kept.status),
        lines=[Line(sku=line.sku, quantity=line.quantity) for line in kept.lines],
        total=kept.total,
        note=kept.note,
        placed_at=kept.placed_at,
    )
