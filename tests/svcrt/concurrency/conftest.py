import pytest

from svcrt.concurrency import Backend, backend


@pytest.fixture(params=["green", "threads"])
def concurrency(request: pytest.FixtureRequest) -> Backend:
    name: str = request.param
    return backend(name)
