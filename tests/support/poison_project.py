"""A service whose job or event can kill its process, for tests with real processes that die."""

from pathlib import Path

SERVICE = "acme.lab.v1.Lab"
EVENT = "acme.lab.v1.Spilt"
JOBS = f"svc.job.{SERVICE}"
POOL = f"svc.event.{EVENT}--{SERVICE}.on_spilt"
DEAD = f"svc.dead.{SERVICE}"
WORKERS = 10
"""How many run beside each other when the poison kills for the first time."""

_SOURCE = f'''\
"""A lab: each run appends to a file what it begins and what it ends."""

import os
import pathlib
import signal
import time

import msgspec

from svcrt import Attempt
from svcrt.bases import ServiceBase
from svcrt.contract import Event, Oneway, Service, Subscription


class Text(msgspec.Struct, kw_only=True):
    text: str


SPILT = Event(name="{EVENT}", payload=Text)


class Lab(ServiceBase):
    contract = Service(
        name="{SERVICE}",
        oneways=(Oneway(service="{SERVICE}", name="mix", stub="mix", arguments=Text),),
        subscriptions=(Subscription(event=SPILT, name="on_spilt", stub="on_spilt"),),
    )
    attempt = Attempt()

    def mix(self, *, text):
        self.work(text)

    def on_spilt(self, event):
        self.work(event.text)

    def work(self, text):
        self.note(f"begin {{text}} {{self.attempt}}")
        if text.startswith("poison"):
            while len(set(pathlib.Path("notes").read_text().split("\\n"))) < {WORKERS + 1}:
                time.sleep(0.01)
            pathlib.Path("killed").touch()
            if "signal" in text:
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(9)
        while not pathlib.Path("killed").exists():
            time.sleep(0.01)
        self.note(f"end {{text}}")

    def note(self, line):
        file = os.open("notes", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, f"{{line}}\\n".encode())
        os.close(file)
'''


def write_lab(folder: Path) -> None:
    """Write the service into `folder`, as `lab:Lab`."""
    (folder / "lab.py").write_text(_SOURCE, encoding="utf-8")


def read_notes(folder: Path, kind: str) -> list[str]:
    """Return what has been noted after `begin` or `end`, in order."""
    path = folder / "notes"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.removeprefix(f"{kind} ") for line in lines if line.startswith(f"{kind} ")]
