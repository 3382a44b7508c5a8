"""A site for each link and back end, shared by the tests that follow each other as long as it is in order."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from fault_site import Site, Sites
from link_kinds import KINDS
from rabbitmq_node import RabbitMQNode

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember which tests failed: what they leave behind is no site for the next one."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.fixture(scope="module", params=KINDS)
def link(request: pytest.FixtureRequest) -> str:
    """The implementation of the link, of the service and of the client."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def concurrency(request: pytest.FixtureRequest) -> str:
    """The back end of the service's process; tests that are cheap enough name both."""
    name: str = getattr(request, "param", "green")
    return name


@pytest.fixture(scope="session")
def node() -> Iterator[RabbitMQNode]:
    """A node to kill, freeze and restrict, shared by these tests only; each leaves it running and without limits."""
    with RabbitMQNode() as node:
        yield node


@pytest.fixture(scope="module")
def sites(node: RabbitMQNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """The sites of a module, one at a time."""
    folder: Path = tmp_path_factory.mktemp("sites")
    with Sites(node, folder) as sites:
        yield sites


@pytest.fixture
def fresh(sites: Sites) -> None:
    """Have a site of its own for a test that waits for several attempts: the pauses between them begin anew."""
    sites.drop()


@pytest.fixture
def site(request: pytest.FixtureRequest, sites: Sites, link: str, concurrency: str) -> Iterator[Site]:
    """A service and a client that work, each behind a proxy of its own."""
    site = sites.get(link, concurrency)
    assert site.works()
    yield site
    site.client_proxy.heal()
    site.service_proxy.heal()
    if request.node.stash.get(_FAILED, False):
        sites.drop()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what is here out of the usual run: together it takes longer than all the rest."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.long)
