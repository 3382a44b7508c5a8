"""Fixtures for brokers: a private RabbitMQ node, the embedded broker, and one that runs a test on both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from rabbitmq_node import RABBITMQ_SERVER, RabbitMQNode, server_installed

if TYPE_CHECKING:
    from svcrt.embedded import EmbeddedBroker

_NODE_FIXTURES = frozenset({"rabbitmq", "rabbitmq_url", "rabbitmq_vhost_url", "fresh_node"})
_REASON = f"RabbitMQ is not installed ({RABBITMQ_SERVER} with erl and epmd)"
_SKIPPED = pytest.StashKey[list[str]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test that uses a node, and skip them all where there is no server to start."""
    marked = []
    for item in items:
        fixtures: list[str] = getattr(item, "fixturenames", [])
        if _NODE_FIXTURES.intersection(fixtures):
            item.add_marker("rabbitmq")
        if item.get_closest_marker("rabbitmq"):
            marked.append(item)
    if not marked or server_installed():
        return
    if os.environ.get("SVCGEN_REQUIRE_RABBITMQ") == "1":
        raise pytest.UsageError(
            f"{_REASON}; SVCGEN_REQUIRE_RABBITMQ=1 refuses to skip the {len(marked)} tests that need it"
        )
    for item in marked:
        item.add_marker(pytest.mark.skip(reason=_REASON))
    config.stash[_SKIPPED] = [item.nodeid for item in marked]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the tests that did not run for want of a server: a short green line must not hide them."""
    skipped = config.stash.get(_SKIPPED, [])
    if skipped:
        terminalreporter.section(f"{len(skipped)} tests skipped: {_REASON}")
        for nodeid in skipped:
            terminalreporter.line(nodeid)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQNode]:
    """The session's RabbitMQ node, started by the first test that asks (seven seconds)."""
    with RabbitMQNode() as node:
        yield node


@pytest.fixture
def rabbitmq_url(rabbitmq: RabbitMQNode) -> str:
    """URL of vhost ``/`` of the session's node; what a test leaves there stays."""
    return rabbitmq.url


@pytest.fixture
def rabbitmq_vhost_url(rabbitmq: RabbitMQNode) -> str:
    """URL of an empty vhost of the session's node."""
    return rabbitmq.fresh_vhost()


@pytest.fixture
def fresh_node() -> Iterator[RabbitMQNode]:
    """A RabbitMQ node of this test's own, to kill, freeze and restart."""
    with RabbitMQNode() as node:
        yield node


@pytest.fixture
def embedded_broker() -> Iterator[EmbeddedBroker]:
    """An empty embedded broker in a thread."""
    from svcrt.embedded import EmbeddedBroker

    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def broker_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty broker; the test runs on the embedded one and on RabbitMQ."""
    if request.param == "embedded":
        broker: EmbeddedBroker = request.getfixturevalue("embedded_broker")
        return broker.url
    node: RabbitMQNode = request.getfixturevalue("rabbitmq")
    return node.fresh_vhost()
