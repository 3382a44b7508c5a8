"""A service of two timers that writes down when it ran, for tests with several processes."""

from dataclasses import dataclass
from pathlib import Path

PERIOD = 0.5

_SOURCE = f'''\
"""A clock: each run appends its process group, its due time and the time to a file."""

import os
import time

from svcrt import DueTime
from svcrt.bases import ServiceBase
from svcrt.contract import Service, Timer


class Clock(ServiceBase):
    contract = Service(
        name="acme.clock.v1.Clock",
        timers=(
            Timer(name="tick", stub="tick", every={PERIOD}),
            Timer(name="beat", stub="beat", every={PERIOD}, per_instance=True),
        ),
    )
    due = DueTime()

    def tick(self):
        self.note("ticks")

    def beat(self):
        self.note("beats")

    def note(self, name):
        line = f"{{os.getpgid(0)}} {{self.due.timestamp()}} {{time.time()}}\\n".encode()
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, line)
        os.close(file)
'''


@dataclass(frozen=True)
class Run:
    """One run of a timer: whose (process group), when it was due, and when it was run; seconds since 1970."""

    instance: int
    due: float
    at: float


def write_clock(folder: Path) -> None:
    """Write the service into `folder`, as `clock:Clock`."""
    (folder / "clock.py").write_text(_SOURCE, encoding="utf-8")


def read_runs(folder: Path, timer: str) -> list[Run]:
    """Return what has been noted so far, in order."""
    path = folder / f"{timer}s"
    lines = path.read_text().splitlines() if path.exists() else []
    return [Run(int(instance), float(due), float(at)) for instance, due, at in map(str.split, lines)]
