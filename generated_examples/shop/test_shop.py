"""The shop, tested: one service alone with fakes, and all three together on the embedded broker."""

import json
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import svcrt
from shop.billing.v1 import BillingClient
from shop.billing_service import Billing
from shop.client import main as run_client_script
from shop.common.v1 import Line
from shop.models import Base
from shop.orders.v1 import Draft, OrderNotFound, OrdersClient, OrderStatus, OrderTooLarge
from shop.orders_service import Orders
from shop.stock.v1 import OutOfStock, StockClient, UnknownArticle
from shop.stock_service import Stock
from svcrt.embedded import EmbeddedBroker
from svcrt.testing import build, running


@dataclass(frozen=True)
class Shop:
    broker: str
    http: str


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    config = {"database": {"url": f"sqlite:///{tmp_path}/shop.db", "create_tables": True}}
    with EmbeddedBroker() as broker, socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with running(Orders, Billing, Stock, broker=broker.url, config=config, http=listener):
            yield Shop(broker.url, address)


@pytest.fixture
def cluster(shop: Shop) -> Iterator[svcrt.Cluster]:
    with svcrt.connect(shop.broker) as connected:
        yield connected


def eventually(condition: Callable[[], bool], within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def http(method: str, url: str, body: object = None) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status, response.read().decode()


def draft(sku: str = "TEAPOT-1", quantity: int = 1) -> Draft:
    return Draft(lines=[Line(sku=sku, quantity=quantity)], email="ada@example.org")


def test_a_service_is_tested_alone_with_fakes() -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        stock = build(Stock, db=session)
        assert stock.price(sku="KETTLE-2") == Decimal("89.00")
        with pytest.raises(OutOfStock) as refused:
            stock.reserve(lines=[Line(sku="KETTLE-2", quantity=4)])
        assert refused.value.left == 3
    engine.dispose()


def test_an_order_is_placed_billed_and_paid(cluster: svcrt.Cluster) -> None:
    orders = OrdersClient(cluster)
    order = orders.place(draft=draft(quantity=2))
    assert order.total == Decimal("49.80")
    eventually(lambda: orders.get(id=order.id).status is OrderStatus.PAID)
    assert BillingClient(cluster).invoice(order_id=order.id).amount == order.total
    assert [found.id for found in orders.search(status=OrderStatus.PAID)] == [order.id]


def test_declared_errors_arrive_with_their_fields(cluster: svcrt.Cluster) -> None:
    with pytest.raises(OutOfStock) as refused:
        OrdersClient(cluster).place(draft=draft("KETTLE-2", 900))
    assert (refused.value.sku, refused.value.left) == ("KETTLE-2", 3)
    with pytest.raises(UnknownArticle):
        OrdersClient(cluster).place(draft=draft("SAUCER-9"))
    with pytest.raises(OrderNotFound):
        OrdersClient(cluster).get(id=uuid4())


def test_an_order_has_a_limit(cluster: svcrt.Cluster) -> None:
    StockClient(cluster).reprice(sku="CUP-6", price=Decimal("6000.01"))
    eventually(lambda: StockClient(cluster).price(sku="CUP-6") == Decimal("6000.01"))
    with pytest.raises(OrderTooLarge, match="not come to more than 1000000 EUR"):
        OrdersClient(cluster).place(draft=draft("CUP-6", 200))


def test_a_failed_order_leaves_the_shelves_as_they_were(cluster: svcrt.Cluster) -> None:
    both = [Line(sku="TEAPOT-1", quantity=40), Line(sku="KETTLE-2", quantity=900)]
    with pytest.raises(OutOfStock):
        StockClient(cluster).reserve(lines=both)
    StockClient(cluster).reserve(lines=both[:1])


def test_two_instances_never_sell_the_same_teapot_twice(tmp_path: Path) -> None:
    config = {"database": {"url": f"sqlite:///{tmp_path}/shop.db", "create_tables": True}}

    def reserve(stock: StockClient) -> bool:
        try:
            stock.reserve(lines=[Line(sku="TEAPOT-1")], timeout=10.0)
        except OutOfStock:
            return False
        return True

    with (
        EmbeddedBroker() as broker,
        running(Stock, broker=broker.url, config=config),
        running(Stock, broker=broker.url, config=config),
        svcrt.connect(broker.url) as cluster,
        ThreadPoolExecutor(16) as customers,
    ):
        sold = list(customers.map(reserve, [StockClient(cluster)] * 60))
    assert sold.count(True) == 40


def test_a_new_price_reaches_an_instance_that_remembered_the_old_one(cluster: svcrt.Cluster) -> None:
    orders = OrdersClient(cluster)
    assert orders.place(draft=draft("CUP-6")).total == Decimal("12.50")
    StockClient(cluster).reprice(sku="CUP-6", price=Decimal("11.90"))
    eventually(lambda: orders.place(draft=draft("CUP-6")).total == Decimal("11.90"))


def test_http_places_orders_starts_the_report_and_exports(
    shop: Shop, cluster: svcrt.Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    body = {"lines": [{"sku": "TEAPOT-1"}], "email": "ada@example.org"}
    status, text = http("POST", f"{shop.http}/orders", body)
    order = json.loads(text)
    assert (status, order["total"]) == (201, "24.90")
    eventually(lambda: OrdersClient(cluster).get(id=UUID(order["id"])).status is OrderStatus.PAID)

    assert http("POST", f"{shop.http}/reports", {"title": "Today"})[0] == 202
    eventually(lambda: "report 'Today': 1 orders, 24.90 EUR invoiced" in caplog.text)

    status, table = http("GET", f"{shop.http}/orders.csv")
    assert table.splitlines()[0] == "id,status,total,placed_at"
    assert table.splitlines()[1].startswith(f"{order['id']},paid,24.90,")


def test_the_clock_ticks(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    eventually(lambda: "the clock ticked: 0 orders wait" in caplog.text)
    eventually(lambda: "this instance of Stock is alive" in caplog.text)


def test_the_plain_script_runs(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    run_client_script(shop.broker)
    said = capsys.readouterr().out
    assert said.count("placed order") == 2
    assert "refused, as the contract says: only 3 of KETTLE-2 left (error.left == 3)" in said
