"""A site for each link and back end, shared by the tests that follow each other as long as it is in order."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fault_site import LINKS, Site
from rabbitmq_node import RabbitMQNode


@pytest.fixture(params=LINKS)
def link(request: pytest.FixtureRequest) -> str:
    """The implementation of the link, of the service and of the client."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def node() -> Iterator[RabbitMQNode]:
    """A node to kill, freeze and restrict; each test leaves it running and without limits."""
    with RabbitMQNode() as node:
        yield node


MakeSite = Callable[[str, str], Site]


class Sites:
    """Keeps one site; another one is made when the link or the back end changes, or when a test has failed on it."""

    def __init__(self, make: Callable[[Path, str, str], Site], folder: Path) -> None:
        self._make = make
        self._folder = folder
        self._made = 0
        self._wanted: tuple[str, str] | None = None
        self._site: Site | None = None

    def get(self, link: str, concurrency: str) -> Site:
        """Return the site of this link and back end."""
        if self._site is None or self._wanted != (link, concurrency):
            self.drop()
            self._made += 1
            folder = self._folder / str(self._made)
            folder.mkdir()
            self._site, self._wanted = self._make(folder, link, concurrency), (link, concurrency)
        return self._site

    def drop(self) -> None:
        """End the site."""
        site, self._site = self._site, None
        if site is not None:
            site.close()
