"""Runs the commands of the demo as processes of their own, and ends them however the demo ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.05
STOP_SECONDS = 5.0
_ENDING = (signal.SIGINT, signal.SIGTERM)


class DemoError(Exception):
    """The demo cannot go on. The message is one sentence for a person."""


class Stage:
    """A folder in which commands run, and the one that keeps running beside them.

    Args:
        folder: where they run; their output is kept in `run.log` there.
        seconds: what the whole demo may take.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder = folder
        self._deadline = time.monotonic() + seconds
        self._log = folder / "run.log"
        self._children: list[subprocess.Popen[str]] = []
        self._running: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def svcgen(self, *arguments: str) -> str:
        """Run a command of svcgen to its end and return what it printed.

        Raises:
            DemoError: it failed, or time is up.
        """
        return self.python("-m", "svcgen", *arguments)

    def python(self, *arguments: str) -> str:
        """Run Python to its end; as `svcgen`."""
        process = self._spawn(arguments, subprocess.PIPE)
        try:
            printed, complaint = process.communicate(timeout=self.left())
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"`{' '.join(arguments)}` did not end in time") from error
        self._children.remove(process)
        if process.returncode != 0:
            raise DemoError(f"`{' '.join(arguments)}` failed: {complaint.strip()[-2000:]}")
        return (printed + complaint).strip()

    def follow(self, *arguments: str, say: Callable[[str], object]) -> None:
        """Run a Python that bounds its own time to its end, and say each line that it prints, as it comes.

        Raises:
            DemoError: it failed; what it printed has told why.
        """
        process = self._spawn(arguments, subprocess.PIPE, complaints=subprocess.STDOUT)
        assert process.stdout is not None
        for line in process.stdout:
            say(line.rstrip("\n"))
        if process.wait() != 0:
            raise DemoError(f"`{' '.join(arguments)}` failed")

    def start(self, *arguments: str) -> None:
        """Start a command of svcgen that keeps running."""
        with self._log.open("wb") as log:
            self._running = self._spawn(("-m", "svcgen", *arguments), log, complaints=subprocess.STDOUT)

    def stop(self) -> None:
        """End what is running: gently, then with all its children."""
        while self._children:
            process = self._children.pop()
            process.terminate()
            try:
                process.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                pass  # it had its time
            finally:
                _kill_group(process.pid)
                process.communicate()

    def _spawn(
        self, arguments: Sequence[str], output: int | IO[bytes], complaints: int = subprocess.PIPE
    ) -> "subprocess.Popen[str]":
        # A session of its own: Ctrl-C reaches the demo alone, which then ends its children in good order. A signal that
        # came between the start of a child and our taking note of it would leave the child alone, so it has to wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=complaints,
                text=True,
                start_new_session=True,
                preexec_fn=_unblock,
            )
            self._children.append(process)
        finally:
            _unblock()
        return process

    def left(self) -> float:
        """Return the seconds left; raises DemoError when there are none."""
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise DemoError(f"the demo took too long; what the services said:\n{self.log()[-4000:]}")
        return seconds

    def log(self) -> str:
        """Return what the running command has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def wait_for(self, what: str, look: Callable[[str], T | None]) -> T:
        """Wait until `look` finds something in the log of the running command, and return it.

        Raises:
            DemoError: the command ended, or time is up.
        """
        while True:
            found = look(self.log())
            if found is not None:
                return found
            if self._running is None or self._running.poll() is not None:
                raise DemoError(f"`svcgen run` ended before {what}:\n{self.log()[-2000:]}")
            if self._deadline <= time.monotonic():
                raise DemoError(f"time was up before {what}; what the services said:\n{self.log()[-4000:]}")
            time.sleep(POLL_SECONDS)


def _environment() -> dict[str, str]:
    # The folder of the demo must come first, and settings of the user's own services must not reach it.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SVCGEN_")}
    return {**clean, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
