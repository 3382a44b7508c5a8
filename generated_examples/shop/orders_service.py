"""Orders: asks Stock, tells Billing, hears of payments, reports in the background, counts by the clock."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import final
from uuid import UUID, uuid4

from shop.billing.v1 import InvoiceNotFound, PaymentSettled
from shop.common.v1 import Line
from shop.database import Database
from shop.orders.v1 import Draft, Order, OrderNotFound, OrderPlaced, OrdersBase, OrderStatus
from shop.prices import Prices
from shop.stock.v1 import PriceChanged
from svcrt import Logger
from svcrt.generated import Request, Response


@final
class Orders(OrdersBase):
    """Takes orders."""

    db = Database()
    prices = Prices()
    log = Logger()

    def place(self, *, draft: Draft) -> Order:
        total = sum((self._price(line.sku) * line.quantity for line in draft.lines), Decimal(0))
        self.stock.reserve(lines=draft.lines)
        order = Order(id=uuid4(), lines=draft.lines, total=total, note=draft.note, placed_at=datetime.now(UTC))
        self._insert(order)
        self.publish.order_placed(OrderPlaced(order=order))
        self.log.info("order %s placed over %s EUR", order.id, order.total)
        return order

    def get(self, *, id: UUID) -> Order:
        row = self.db.execute("SELECT * FROM orders WHERE id = ?", (str(id),)).fetchone()
        if row is None:
            raise OrderNotFound(id=id)
        return self._order(row)

    def search(self, *, status: OrderStatus | None = None, limit: int = 20) -> list[Order]:
        rows = self.db.execute(
            "SELECT * FROM orders WHERE ? IS NULL OR status = ? ORDER BY placed_at DESC LIMIT ?",
            (status, status, limit),
        )
        return [self._order(row) for row in rows.fetchall()]

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
        writer.writerows(self.db.execute("SELECT id, status, total, placed_at FROM orders ORDER BY placed_at"))
        return Response(table.getvalue(), mimetype="text/csv")

    def on_payment_settled(self, event: PaymentSettled) -> None:
        self.db.execute("UPDATE orders SET status = ? WHERE id = ?", (OrderStatus.PAID, str(event.order_id)))
        self.log.info("order %s is paid", event.order_id)

    def on_price_changed(self, event: PriceChanged) -> None:
        self.prices.pop(event.sku, None)
        self.log.info("the price of %s is %s EUR now", event.sku, event.price)

    def count_unpaid(self) -> None:
        unpaid = self.db.execute("SELECT count(*) FROM orders WHERE status = 'placed'").fetchone()[0]
        self.log.info("the clock ticked: %d orders wait for their money", unpaid)

    def _price(self, sku: str) -> Decimal:
        if sku not in self.prices:
            self.prices[sku] = self.stock.price(sku=sku)
        return self.prices[sku]

    def _insert(self, order: Order) -> None:
        self.db.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?)",
            (str(order.id), order.status, str(order.total), order.note, order.placed_at.isoformat()),
        )
        lines = [(str(order.id), line.sku, line.quantity) for line in order.lines]
        self.db.executemany("INSERT INTO lines VALUES (?, ?, ?)", lines)
        # Kept before it is announced: the payment may arrive before this method has returned.
        self.db.commit()

    def _order(self, row: tuple[str, str, str, str | None, str]) -> Order:
        id, status, total, note, placed_at = row
        lines = self.db.execute("SELECT sku, quantity FROM lines WHERE order_id = ?", (id,)).fetchall()
        return Order(
            id=UUID(id),
            status=OrderStatus(status),
            lines=[Line(sku=sku, quantity=quantity) for sku, quantity in lines],
            total=Decimal(total),
            note=note,
            placed_at=datetime.fromisoformat(placed_at),
        )
