"""A command at a pseudo-terminal: type into it, wait for what it shows."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli_process import SECONDS, environment


class Terminal:
    """Types into a program that believes to be at a terminal, and reads what it shows."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self._end = end
        self.shown = ""

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._end, text.encode())

    def wait_for(self, text: str) -> None:
        """Wait until `text` was shown since the last wait."""
        deadline = time.monotonic() + SECONDS
        while text not in self.shown:
            assert select.select([self._end], [], [], max(0.0, deadline - time.monotonic()))[0], self.shown
            self.shown += os.read(self._end, 4096).decode()
        self.shown = self.shown.partition(text)[2]


@contextmanager
def terminal(folder: Path, *arguments: str, **variables: str) -> Iterator[Terminal]:
    """Run `python -m svcrt ARGUMENTS` in `folder` at a pseudo-terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "svcrt", *arguments],
        cwd=folder,
        env=environment(TERM="dumb", **variables),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
