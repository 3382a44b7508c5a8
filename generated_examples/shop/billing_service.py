"""Billing: hears of orders, writes invoices, announces payments."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import final
from uuid import UUID

from shop.billing.v1 import BillingBase, Invoice, InvoiceNotFound, PaymentSettled
from shop.database import Database
from shop.orders.v1 import OrderPlaced
from svcrt import Logger


@final
class Billing(BillingBase):
    """One invoice per order, however often the event arrives."""

    db = Database()
    log = Logger()

    def on_order_placed(self, event: OrderPlaced) -> None:
        order = event.order
        now = datetime.now(UTC)
        # Events are delivered at least once: the second time changes nothing.
        self.db.execute(
            "INSERT OR IGNORE INTO invoices (order_id, amount, issued_at) VALUES (?, ?, ?)",
            (str(order.id), str(order.total), now.isoformat()),
        )
        self.db.commit()
        self.log.info("invoice written for order %s over %s EUR", order.id, order.total)
        self.publish.payment_settled(PaymentSettled(order_id=order.id, amount=order.total, at=now))

    def invoice(self, *, order_id: UUID) -> Invoice:
        row = self.db.execute(
            "SELECT number, amount, issued_at FROM invoices WHERE order_id = ?", (str(order_id),)
        ).fetchone()
        if row is None:
            raise InvoiceNotFound(order_id=order_id)
        number, amount, issued_at = row
        return Invoice(
            number=number, order_id=order_id, amount=Decimal(amount), issued_at=datetime.fromisoformat(issued_at)
        )
