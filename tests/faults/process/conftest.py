"""Services in processes of their own, on each kind of link, with a journal that outlives them."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli_process import Running
from journal import Journal
from journal_run import Serve, start_services
from link_kinds import KINDS


@pytest.fixture(params=KINDS)
def link(request: pytest.FixtureRequest) -> str:
    """The kind of link that services and clients use."""
    kind: str = request.param
    return kind


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """What the services of this test have done."""
    return Journal(tmp_path / "journal")


@pytest.fixture
def serve(tmp_path: Path, rabbitmq_vhost_url: str, link: str, journal: Journal) -> Iterator[Serve]:
    """Start `svcgen run` with the journal's services; stopped after the test."""
    with ExitStack() as stack:

        def start(*arguments: str, workers: int = 1, **settings: str) -> Running:
            run = start_services(tmp_path, rabbitmq_vhost_url, link, journal, *arguments, workers=workers, **settings)
            return stack.enter_context(run)

        yield start
