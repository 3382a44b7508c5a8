from collections.abc import Callable, Iterator
from typing import Any

import pytest

from feed_services import Seen
from rabbitmq_node import RabbitMQNode
from svcrt.amqp import AmqpLink
from svcrt.concurrency import Backend, backend


@pytest.fixture(params=["green", "threads"])
def concurrency(request: pytest.FixtureRequest) -> Backend:
    name: str = request.param
    return backend(name)


@pytest.fixture
def make_link(request: pytest.FixtureRequest, concurrency: Backend) -> Iterator[Callable[..., AmqpLink]]:
    """Make a link to a URL, started and waited for unless `start=False`; stopped after the test."""
    for broker in {"broker_url", "fault_node"}.intersection(request.fixturenames):
        request.getfixturevalue(broker)  # begins before the links, so ends after them
    links: list[AmqpLink] = []

    def make(urls: Any, *, start: bool = True, **options: Any) -> AmqpLink:
        options = {"max_backoff": 0.3, "stop_timeout": 0.5, **options}
        link = AmqpLink(urls, concurrency, name="test", **options)
        links.append(link)
        if start:
            link.start(wait=20.0)
        return link

    yield make
    for link in links:
        link.stop()


@pytest.fixture(scope="module")
def fault_node() -> Iterator[RabbitMQNode]:
    """A node to kill, freeze and restart; each test has a vhost of its own (`fresh_vhost`) and leaves it running."""
    with RabbitMQNode() as node:
        yield node


@pytest.fixture
def seen() -> Seen:
    """What the streams of a test have done."""
    return Seen()


@pytest.fixture
def green() -> Backend:
    """For what only a green thread can do."""
    return backend("green")
