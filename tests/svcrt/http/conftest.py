"""A shop behind a gateway, on both back ends."""

from collections.abc import Iterator

import pytest

from http_host import Host, hosted
from http_shop import Orders
from svcrt.http.head import Limits


@pytest.fixture(scope="package", params=["green", "threads"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    with hosted(request.param, Orders, limits=Limits(target=500, head=2000, body=1000)) as running:
        yield running
        Orders.release.set()
