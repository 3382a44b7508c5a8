"""The shop keeps its data in PostgreSQL as well, with no line changed."""

from decimal import Decimal

import svcrt
from probe_services import wait_until
from shop.billing.v1 import BillingClient
from shop.billing_service import Billing
from shop.common.v1 import Line
from shop.orders.v1 import Draft, OrdersClient, OrderStatus
from shop.orders_service import Orders
from shop.stock_service import Stock
from svcrt.testing import running


def test_an_order_is_placed_billed_and_paid(embedded_broker_url: str, postgresql_url: str) -> None:
    config = {"database": {"url": postgresql_url, "create_tables": True}}
    with (
        running(Orders, Billing, Stock, broker=embedded_broker_url, config=config),
        svcrt.connect(embedded_broker_url) as cluster,
    ):
        orders = OrdersClient(cluster)
        order = orders.place(draft=Draft(lines=[Line(sku="TEAPOT-1", quantity=2)], email="ada@example.org"))
        wait_until(lambda: orders.get(id=order.id).status is OrderStatus.PAID)
        assert BillingClient(cluster).invoice(order_id=order.id).amount == Decimal("49.80")
        assert [(found.id, found.placed_at) for found in orders.search()] == [(order.id, order.placed_at)]
