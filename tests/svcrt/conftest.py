"""Both back ends for the tests of the runtime."""

import pytest

from svcrt.concurrency import Backend, backend
from svcrt.embedded import EmbeddedBroker


@pytest.fixture(params=["green", "threads"])
def concurrency(request: pytest.FixtureRequest) -> Backend:
    name: str = request.param
    return backend(name)


@pytest.fixture
def embedded_broker_url(embedded_broker: EmbeddedBroker) -> str:
    """URL of an empty embedded broker, for what no broker can make different."""
    return embedded_broker.url
