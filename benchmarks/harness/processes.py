"""Server and client processes of a benchmark: started, listened to, ended."""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.environments import PEERS, PeerMissing

START_SECONDS = 60.0


class ProcessFailed(Exception):
    """A process of a benchmark ended without a result; the text carries its output."""


class Child:
    """A process that speaks in lines of JSON on standard output.

    Args:
        python: its interpreter.
        arguments: script in `peers/` and what follows.
        paths: folders for its PYTHONPATH.
    """

    def __init__(self, python: str, arguments: Sequence[str], paths: Sequence[Path] = ()) -> None:
        self._name = " ".join(arguments)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 # closed by `end`
        self._buffer = b""
        self._process = subprocess.Popen(
            [python, str(PEERS / arguments[0]), *arguments[1:]],
            env=environment({"PYTHONPATH": os.pathsep.join(map(str, [*paths, PEERS]))}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def line(self, seconds: float) -> dict[str, Any]:
        """Return the next line that it writes; raises ProcessFailed if it ends, or `seconds` pass, before."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise ProcessFailed(f"`{self._name}` said nothing within {seconds:g} s:\n{self._said()}")
            data = os.read(self._process.stdout.fileno(), 65_536)
            if not data:
                code = self._process.wait()
                raise ProcessFailed(f"`{self._name}` ended with {code}:\n{self._said()}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        values: dict[str, Any] = json.loads(line)
        return values

    def end(self) -> None:
        """Stop it, by force after ten seconds."""
        if self.is_running:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        self._process.kill()
        self._process.wait()

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-3000:]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return ours without proxies and settings of svcgen, which a benchmark must not depend on."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SVCGEN_") and not name.lower().endswith("_proxy")
    }
    return {**kept, "EVENTLET_NO_GREENDNS": "yes", **more}


@contextlib.contextmanager
def child(python: str, *arguments: str, paths: Sequence[Path] = ()) -> Iterator[Child]:
    """Run a process, and end it."""
    process = Child(python, arguments, paths)
    try:
        yield process
    finally:
        process.end()


def script(main: Callable[[], int]) -> None:
    """Run a benchmark and end with its exit code; 2 and what its process said if one failed."""
    try:
        sys.exit(main())
    except (ProcessFailed, PeerMissing) as failure:
        print(f"Error: {failure}", file=sys.stderr)
        sys.exit(2)
