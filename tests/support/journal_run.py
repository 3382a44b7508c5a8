"""`svcgen run` with the services of `journal_services`."""

import os
from collections.abc import Callable
from pathlib import Path

from cli_process import Running
from journal import Journal
from journal_services import JOURNAL
from link_kinds import variables

Serve = Callable[..., Running]
"""What the fixture `serve` gives: `start_services` for one test's folder, broker, link and journal."""


def start_services(
    folder: Path, url: str, link: str, journal: Journal, *arguments: str, workers: int = 1, **settings: str
) -> Running:
    """Start it and wait until so many workers serve.

    Args:
        arguments: of the command line.
        settings: further environment variables.
    """
    path = os.pathsep.join(filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))))
    run = Running(
        folder,
        "journal_services:Probe",
        "journal_services:Relay",
        "journal_services:Listener",
        *("--no-http", "--broker", url, "--workers", str(workers), *arguments),
        own_session=True,
        variables={JOURNAL: str(journal.path), "PYTHONPATH": path, **variables(link), **settings},
    )
    run.wait_for(r"(?s)" + r"probe\.v1\.Listener is running.*?" * workers)
    return run
