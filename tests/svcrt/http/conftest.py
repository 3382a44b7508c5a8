"""A shop and rooms full of web sockets, each behind a gateway, on both back ends."""

from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from http_host import Host, hosted
from http_shop import Orders
from socket_peers import eventually
from socket_rooms import Rooms, check_caller
from svcrt.http.head import Limits
from svcrt.http.sockets.limits import SocketLimits


@pytest.fixture(scope="package", params=["green", "threads"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    with hosted(request.param, Orders, limits=Limits(target=500, head=2000, body=1000)) as running:
        yield running
        Orders.release.set()


@pytest.fixture(scope="package", params=["green", "threads"])
def rooms(request: pytest.FixtureRequest) -> Iterator[Host]:
    limits = SocketLimits(message=5000, close_seconds=0.3, notice_seconds=0.2)
    origins = ("https://shop.example",)
    options = {"authenticate": check_caller, "origins": origins, "socket_limits": limits, "max_workers": 2}
    with hosted(request.param, Rooms, **options) as running:
        yield running


@pytest.fixture
def fresh_notes() -> None:
    """The test sees the ends and the notes of its own sockets only."""
    eventually(lambda: not Rooms.running)
    Rooms.ended, Rooms.noted = SimpleQueue(), SimpleQueue()
