"""An implementation of `desk.v1` for the tests of clients."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import final

from desk.v1 import Closed, DeskBase, Rung, Ticket
from svcrt.providers import Config
from svcrt.runner import Runner
from svcrt.testing import running


@dataclass
class Seen:
    """What a desk has done, for the test to look at."""

    name: str = "desk"
    notes: list[tuple[str, bytes]] = field(default_factory=list)
    rung: list[Rung] = field(default_factory=list)
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    counted: threading.Event = field(default_factory=threading.Event)


@final
class Desk(DeskBase):
    """Answers, waits and counts as it is asked to."""

    config = Config()

    @property
    def seen(self) -> Seen:
        """The test's."""
        seen = self.config["seen"]
        assert isinstance(seen, Seen)
        return seen

    def echo(self, *, ticket: Ticket) -> Ticket:
        if ticket.text == "closed":
            raise Closed(reason="it is late", proof=b"\xff\x00")
        return ticket

    def mirror(self, *, value: object) -> object:
        return value

    def name(self) -> str:
        return self.seen.name

    def wait(self, *, seconds: float) -> int:
        self.seen.waiting.release()
        time.sleep(seconds)
        return 1

    def count(self, *, first: int, last: int) -> Iterator[int]:
        try:
            yield from range(first, last + 1)
            if last < first:
                raise Closed(reason="nothing to count", proof=b"")
        finally:
            self.seen.counted.set()

    def note(self, *, text: str, scan: bytes) -> None:
        self.seen.notes.append((text, scan))

    def ring(self, *, times: int) -> None:
        self.publish.rung(Rung(times=times, by=b"\x00desk"))

    def on_rung(self, event: Rung) -> None:
        self.seen.rung.append(event)


def desk_on(broker: str, seen: Seen | None = None) -> AbstractContextManager[Runner]:
    """Run a desk on a broker."""
    return running(Desk, broker=broker, config={"seen": seen or Seen()})


def ticket(number: int, text: str = "hello") -> Ticket:
    """Return a ticket."""
    return Ticket(number=number, text=text)
