"""Servers and browsers that some tests need: those are marked, and skipped by name and count where there is none."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from chromium_browser import CHROMIUM, chromium_installed
from postgresql_server import DSN_VARIABLE, postgresql_available
from rabbitmq_node import RABBITMQ_SERVER, server_installed

__all__ = ["SERVERS", "Needed"]


@dataclass(frozen=True, slots=True)
class Needed:
    """A server, or another program.

    Attributes:
        marker: of the tests that need it; they also get it by using one of `fixtures`.
        available: tells whether the session can have it.
        missing: why not, as a person would say it.
        required: environment variable that, set to 1, refuses to skip.
    """

    marker: str
    fixtures: frozenset[str]
    available: Callable[[], bool]
    missing: str
    required: str

    def refuse(self) -> None:
        """Raise UsageError if there is none, and the environment does not let the tests that need it be skipped."""
        if os.environ.get(self.required) == "1" and not self.available():
            raise pytest.UsageError(f"{self.missing}; {self.required}=1 refuses to skip the tests that need it")

    def mark_or_skip(self, items: list[pytest.Item]) -> None:
        """Mark every test that uses it, and skip them all where there is none."""
        marked = []
        for item in items:
            fixtures: list[str] = getattr(item, "fixturenames", [])
            if self.fixtures.intersection(fixtures):
                item.add_marker(self.marker)
            if item.get_closest_marker(self.marker):
                marked.append(item)
        if not marked or self.available():
            return
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=self.missing))

    def skipped(self, reports: list[pytest.TestReport]) -> list[str]:
        """Return the ids of those of the skipped tests that were skipped for want of it."""
        return [each.nodeid for each in reports if self.missing in str(each.longrepr)]


SERVERS = (
    Needed(
        marker="rabbitmq",
        fixtures=frozenset({"rabbitmq", "rabbitmq_url", "rabbitmq_vhost_url", "fresh_node"}),
        available=server_installed,
        missing=f"RabbitMQ is not installed ({RABBITMQ_SERVER} with erl and epmd)",
        required="SVCGEN_REQUIRE_RABBITMQ",
    ),
    Needed(
        marker="postgresql",
        fixtures=frozenset({"postgresql", "postgresql_url"}),
        available=postgresql_available,
        missing=f"PostgreSQL is not installed (initdb and postgres, or {DSN_VARIABLE} with the URL of a server)",
        required="SVCGEN_REQUIRE_POSTGRESQL",
    ),
    Needed(
        marker="browser",
        fixtures=frozenset({"browser"}),
        available=chromium_installed,
        missing=f"Chromium is not installed ({CHROMIUM} with chromedriver)",
        required="SVCGEN_REQUIRE_CHROMIUM",
    ),
)
