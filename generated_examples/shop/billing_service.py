"""Billing: hears of orders, writes invoices, announces payments."""

from datetime import UTC, datetime
from typing import final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from shop import models
from shop.billing.v1 import BillingBase, Invoice, InvoiceNotFound, PaymentSettled
from shop.orders.v1 import OrderPlaced
from svcrt import Logger, Session


@final
class Billing(BillingBase):
    """One invoice per order, however often the event arrives."""

    db = Session(models.Base)
    log = Logger()

    def on_order_placed(self, event: OrderPlaced) -> None:
        order = event.order
        now = datetime.now(UTC)
        try:
            with self.db.begin_nested():
                self.db.add(models.Invoice(order_id=order.id, amount=order.total, issued_at=now))
        except IntegrityError:
            # Events are delivered at least once: the second time finds the order's invoice written.
            self.log.info("order %s has its invoice already", order.id)
        # Kept before it is announced.
        self.db.commit()
        self.log.info("invoice written for order %s over %s EUR", order.id, order.total)
        self.publish.payment_settled(PaymentSettled(order_id=order.id, amount=order.total, at=now))

    def invoice(self, *, order_id: UUID) -> Invoice:
        kept = self.db.scalar(select(models.Invoice).where(models.Invoice.order_id == order_id))
        if kept is None:
            raise InvoiceNotFound(order_id=order_id)
        return Invoice(number=kept.number, order_id=order_id, amount=kept.amount, issued_at=kept.issued_at)
