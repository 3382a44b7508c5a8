"""What is our own: a dependency, and a way in."""

import os
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from svcrt import CustomEntrypoint, DependencyProvider, Outcome, WorkerContext


class Desk(DependencyProvider[str]):
    """Names the process that works on a request."""

    def get_dependency(self, context: WorkerContext) -> str:
        return f"desk {os.getpid()}"


class TakesText(Protocol):
    """A method that can be called with a text."""

    __name__: str

    def __call__(self, service: Any, /, *, text: str) -> object: ...


class Mailbox(CustomEntrypoint):
    """Calls a method with the text of each `.txt` file in a folder. The example `intake` does it in full."""

    def __init__(self, folder: str, *, calls: TakesText) -> None:
        self._folder = Path(folder)
        self._method = calls

    def start(self) -> None:
        self._folder.mkdir(exist_ok=True)
        self._stopping = self.container.concurrency.flag()
        self._task = self.container.concurrency.spawn(self._watch, name="mailbox")

    def stop(self) -> None:
        self._stopping.set()
        self._task.join()

    def _watch(self) -> None:
        while not self._stopping.wait(0.1):
            for letter in sorted(self._folder.glob("*.txt")):
                taken = letter.with_suffix(".taken")
                try:
                    letter.rename(taken)
                except FileNotFoundError:
                    continue  # another instance was faster
                self.spawn(self._method, {"text": taken.read_text(encoding="utf-8")}, partial(self._on_outcome, taken))

    def _on_outcome(self, taken: Path, outcome: Outcome) -> None:
        # What failed, or had no time to begin, is put back.
        taken.unlink() if outcome.error is None else taken.rename(taken.with_suffix(".txt"))
