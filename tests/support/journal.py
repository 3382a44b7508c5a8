"""Reading what `journal_services` have written: what began and ended, in which process."""

from collections import Counter
from pathlib import Path

import waiting


class Journal:
    """The file of one test. Orders are the questions, texts and events that the services were sent."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _lines(self, verb: str) -> list[tuple[int, str]]:
        if not self.path.exists():
            return []
        split = [line.split(" ", 2) for line in self.path.read_text().splitlines()]
        return [(int(process), order) for said, process, order in split if said == verb]

    def begun(self) -> Counter[str]:
        """How often each order began to be worked on."""
        return Counter(order for _, order in self._lines("begin"))

    def ended(self) -> Counter[str]:
        """How often each order was done to its end."""
        return Counter(order for _, order in self._lines("end"))

    def processes(self) -> set[int]:
        """Who has begun anything."""
        return {process for process, _ in self._lines("begin")}

    def wait_for(self, order: str) -> int:
        """Wait until an order has begun; return the process that works on it."""
        waiting.wait_until(lambda: order in self.begun(), what=f"the beginning of `{order}`")
        return next(process for process, begun in self._lines("begin") if begun == order)

    def wait_until_done(self, orders: set[str]) -> None:
        """Wait until all of them have been done at least once."""
        waiting.wait_until(lambda: orders <= set(self.ended()), what="the end of all that was confirmed")
