"""A progress bar for runs that take long; nothing is shown of one that does not, or that nobody watches."""

import os
import sys
import threading
from types import TracebackType
from typing import Self, TextIO

from svcidl.stages import Stages

_AFTER = 1.0
_AGAIN = 0.1
_WIDTH = 24
_ERASE = "\r\x1b[2K"
_PERCENT = {"parse": 0, "resolve": 45, "rules": 55, "names": 60, "plan": 65, "render": 70, "write": 90}
"""How much of a run is behind it when a stage begins, of large contracts as `--stats` has it. A target is `render`."""


class Progress:
    """Shows, while entered, the stage that a run is in, from its second second on.

    Args:
        stages: of the run.
        stream: a terminal; on anything else nothing is shown. Standard error if None.
        after: seconds to wait before the bar appears.
    """

    def __init__(self, stages: Stages, stream: TextIO | None = None, *, after: float = _AFTER) -> None:
        self._stages = stages
        self._stream = stream or sys.stderr
        self._after = after
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin to wait."""
        if self._stream.isatty() and os.environ.get("TERM") != "dumb":
            self._thread = threading.Thread(target=self._show, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Take the bar away: what is printed next begins a line of its own."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _show(self) -> None:
        if self._over.wait(self._after):
            return
        furthest = 0
        while True:
            stage = self._stages.current
            furthest = max(furthest, _PERCENT.get(stage, _PERCENT["render"]) if stage else 0)
            self._write(f"{_ERASE}{bar(furthest)} {stage or ''}")
            if self._over.wait(_AGAIN):
                self._write(_ERASE)
                return

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # The terminal has gone; the run does not need it.
            self._over.set()


def bar(percent: int) -> str:
    """Return a bar for 0 to 100 percent."""
    full = _WIDTH * percent // 100
    return f"[{'#' * full}{'-' * (_WIDTH - full)}] {percent:3} %"
