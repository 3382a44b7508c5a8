"""Databases for the tests of sessions."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/entries.db"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of an empty database; the test runs on SQLite and on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def kept(database_url: str) -> Iterator[Callable[[], list[str]]]:
    """What is in the table `entries`, seen by a connection of the test's own."""
    engine = create_engine(database_url)

    def read() -> list[str]:
        with engine.connect() as connection:
            return [row.text for row in connection.execute(text("SELECT text FROM entries ORDER BY text"))]

    yield read
    engine.dispose()
