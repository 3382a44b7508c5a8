"""The command line as a process: start it in a folder, wait for what it says, stop it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = 30.0
"""A generous bound for anything that a command does."""


def environment(**variables: str) -> dict[str, str]:
    """Ours without settings of svcgen, but for the link that the whole test run takes."""
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith("SVCGEN_") or name == "SVCGEN_LINK"
    }
    return ours | variables


def run_command(folder: Path, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m svcrt ARGUMENTS` in `folder` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "svcrt", *arguments],
        cwd=folder,
        env=environment(**variables),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


class Running:
    """`python -m svcrt run ARGUMENTS` in `folder`, killed at the end if it has not ended by then.

    Args:
        own_group: let it lead a process group.
        own_session: let it have no terminal.
        terminal: path of its terminal.
        before: Python to execute first.
        variables: environment variables.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        command: str = "run",
        own_group: bool = False,
        own_session: bool = False,
        terminal: str = "",
        before: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        start = ["-c", f"{before}\nfrom svcrt.__main__ import main; main()"] if before else ["-m", "svcrt"]
        program = [sys.executable, *start, command, *arguments]
        if terminal:
            # What the leader of a session without a terminal opens becomes the terminal of the session.
            program = ["/bin/sh", "-c", 'terminal=$1; shift; exec "$@" <"$terminal"', "sh", terminal, *program]
        self._process = subprocess.Popen(
            program,
            cwd=folder,
            env=environment(**(variables or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0 if own_group else None,
            start_new_session=own_session or terminal != "",
        )
        self.pid = self._process.pid
        self._said = ""
        self._more = threading.Condition()
        self._is_silent = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @classmethod
    def call(cls, folder: Path, *arguments: str) -> Self:
        """`call` instead of `run`."""
        return cls(folder, *arguments, command="call")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        # Whoever holds standard error, a worker or a broker, has to end, too.
        self._reader.join(SECONDS)
        assert self._process.stderr is not None
        self._process.stderr.close()
        assert not self._reader.is_alive(), f"a child has outlived the run:\n{self._said}"

    @property
    def said(self) -> str:
        """What it has written to standard error so far."""
        return self._said

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until it has said something that matches."""
        with self._more:
            self._more.wait_for(lambda: self._is_silent or re.search(pattern, self._said), SECONDS)
        match = re.search(pattern, self._said)
        assert match, f"`{pattern}` was not said:\n{self._said}"
        return match

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the supervisor."""
        self._process.send_signal(number)

    def kill_workers(self) -> None:
        """Send SIGKILL to its worker processes, as the kernel does to one that takes too much memory."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for child in children:
            if b"worker_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)

    def wait(self) -> int:
        """Wait until it and all its children have ended; return the exit code."""
        code = self._process.wait(SECONDS)
        self._reader.join(SECONDS)
        assert not self._reader.is_alive(), f"a child has outlived the run:\n{self._said}"
        return code

    def stop(self) -> int:
        """Send SIGTERM and wait; return the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._more:
                self._said += line
                self._more.notify_all()
        with self._more:
            self._is_silent = True
            self._more.notify_all()
