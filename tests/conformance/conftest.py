"""Connections to the broker under test, closed when the test ends."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import amqp
import pytest

from amqp_client import connect
from rabbitmq_node import RabbitMQNode
from svcrt.embedded import EmbeddedBroker


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


@pytest.fixture
def alarm(request: pytest.FixtureRequest, broker_url: str) -> Iterator[Callable[[bool], None]]:
    """Sets the broker's disk alarm (True) or ends it (False); no alarm is left behind."""
    if request.node.callspec.params["broker_url"] == "embedded":
        embedded: EmbeddedBroker = request.getfixturevalue("embedded_broker")
        yield embedded.faults.alarm
        return
    node: RabbitMQNode = request.getfixturevalue("rabbitmq")

    def set_alarm(is_on: bool) -> None:
        resource = "{resource_limit, disk, node()}"
        call = f"set_alarm({{{resource}, []}})" if is_on else f"clear_alarm({resource})"
        node.rabbitmqctl("eval", f"rabbit_alarm:{call}, rabbit_alarm:get_alarms().")

    yield set_alarm
    set_alarm(False)
