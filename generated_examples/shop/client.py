"""A plain script that calls the shop: no service, no eventlet, any Python program can do this.

python -m shop.client amqp://guest:guest@localhost
"""

import sys
from decimal import Decimal

import svcrt
from shop.common.v1 import Line
from shop.orders.v1 import Draft, OrdersClient
from shop.stock.v1 import OutOfStock, StockClient


def main(broker: str) -> None:
    """Place two orders, wait for both at the same time, and run into the declared error."""
    with svcrt.connect(broker) as cluster:
        orders = OrdersClient(cluster)
        drafts = [
            Draft(lines=[Line(sku="TEAPOT-1")], email="ada@example.org", note="a gift"),
            Draft(lines=[Line(sku="CUP-6", quantity=4), Line(sku="TEAPOT-1")], email="grace@example.org"),
        ]
        # Futures: both orders are under way before the first answer is read.
        for answer in [orders.futures.place(draft=draft) for draft in drafts]:
            order = answer.result()
            print(f"placed order {order.id} over {order.total} EUR")
        try:
            orders.place(draft=Draft(lines=[Line(sku="KETTLE-2", quantity=900)], email="max@example.org"), timeout=5.0)
        except OutOfStock as error:
            print(f"refused, as the contract says: {error} (error.left == {error.left})")
        StockClient(cluster).reprice(sku="CUP-6", price=Decimal("11.90"))
        print("CUP-6 costs 11.90 EUR now: every instance of Orders hears it")


if __name__ == "__main__":
    main(sys.argv[1])
