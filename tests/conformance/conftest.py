"""Connections to the broker under test, closed when the test ends."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import amqp
import pytest

from amqp_client import connect


@pytest.fixture
def connections(broker_url: str) -> Iterator[Callable[[], Any]]:
    opened = []

    def new(**options: Any) -> Any:
        opened.append(connect(broker_url, **options))
        return opened[-1]

    yield new
    for connection in opened:
        with contextlib.suppress(OSError, amqp.exceptions.AMQPError, amqp.exceptions.RecoverableConnectionError):
            connection.close()


@pytest.fixture
def channel(connections: Callable[[], Any]) -> Any:
    return connections().channel()
