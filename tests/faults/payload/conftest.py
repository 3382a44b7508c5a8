"""Services on each kind of link, and a foreign client that publishes what it likes to them."""

from collections.abc import Iterator

import pytest

from hostile_client import HostileClient
from link_kinds import KINDS, chosen
from probe_services import wait_until
from recording_services import Recorder, RecordingListener, RecordingProbe
from svcrt.concurrency import Backend, backend
from svcrt.runner import Runner


@pytest.fixture(params=KINDS)
def link(request: pytest.FixtureRequest) -> str:
    """The kind of link that the services use."""
    kind: str = request.param
    return kind


@pytest.fixture(params=["green", "threads"])
def concurrency(request: pytest.FixtureRequest) -> Backend:
    """The back end of the services."""
    name: str = request.param
    return backend(name)


@pytest.fixture
def recorder(broker_url: str, link: str, concurrency: Backend) -> Iterator[Recorder]:
    """Run the services; what they have done is noted."""
    noted = Recorder()
    runner = Runner(
        [RecordingProbe, RecordingListener],
        broker=broker_url,
        concurrency=concurrency.name,
        config={"recorder": noted},
        max_workers=2,
        **chosen(link),
    )
    runner.start()
    wait_until(lambda: runner.ready, concurrency)
    try:
        yield noted
    finally:
        runner.stop(5.0)


@pytest.fixture
def hostile(broker_url: str, recorder: Recorder, concurrency: Backend) -> Iterator[HostileClient]:
    """A client of another make, connected once the services run."""
    with HostileClient(broker_url, concurrency) as client:
        yield client
