"""Fixtures for servers: a private RabbitMQ node, the embedded broker, one that runs a test on both; PostgreSQL."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from needed_servers import SERVERS
from postgresql_server import PostgresqlServer
from rabbitmq_node import RabbitMQNode

if TYPE_CHECKING:
    from svcrt.embedded import EmbeddedBroker


def pytest_configure() -> None:
    """Refuse to run without a server that must not be missing; have Ctrl-C heard by the commands that tests start."""
    for server in SERVERS:
        server.refuse()
    # A shell lets what it starts in the background ignore Ctrl-C, and what that starts, too.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what `svcgen compile` remembers out of the user's home, and each test session from the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SVCGEN_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses a server, and skip those whose server this machine does not have."""
    for server in SERVERS:
        server.mark_or_skip(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what soaks came to, and name the tests that did not run: a short green line must not hide them."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "soak":
                terminalreporter.write_line(value)
    # From the reports, since the processes that collect are not the one that prints.
    reports = terminalreporter.stats.get("skipped", [])
    for server in SERVERS:
        if skipped := server.skipped(reports):
            terminalreporter.section(f"{len(skipped)} tests skipped: {server.missing}")
            for nodeid in sorted(skipped):
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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """The session's PostgreSQL server, started by the first test that asks (two seconds)."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer) -> str:
    """URL of an empty database of the session's server."""
    return postgresql.fresh_database()
