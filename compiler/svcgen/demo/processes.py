"""Runs the commands of the demo as processes of their own, and ends them however the demo ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.05
STOP_SECONDS = 5.0


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
        self._running: subprocess.Popen[bytes] | None = None

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
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            printed, complaint = process.communicate(timeout=self.left())
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"`{' '.join(arguments)}` did not end in time") from error
        finally:
            # `subprocess.run` does not wait for a child that it killed on Ctrl-C: it could outlive its folder.
            if process.poll() is None:
                process.kill()
                process.communicate()
        if process.returncode != 0:
            raise DemoError(f"`{' '.join(arguments)}` failed: {complaint.strip()[-2000:]}")
        return (printed + complaint).strip()

    def start(self, *arguments: str) -> None:
        """Start a command of svcgen that keeps running."""
        with self._log.open("wb") as log:
            self._running = _spawn([sys.executable, "-m", "svcgen", *arguments], self.folder, log)

    def stop(self) -> None:
        """End what is running: gently, then with all its children."""
        process, self._running = self._running, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _kill_group(process.pid)
            process.wait()

    def left(self) -> float:
        """Return the seconds left; raises DemoError when there are none."""
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise DemoError(f"the demo took too long; what the services said:\n{self.log()[-2000:]}")
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
            self.left()
            time.sleep(POLL_SECONDS)


def _environment() -> dict[str, str]:
    # The folder of the demo must come first, and settings of the user's own services must not reach it.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SVCGEN_")}
    return {**clean, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}


def _spawn(command: list[str], folder: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches the demo alone, which then ends the services in good order.
    return subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
