"""The prompt of `shell` at a terminal: the tab key, the history, and Python without readline."""

import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli_process import SECONDS, environment
from cli_project import write_project
from svcrt.cli.prompt import history_file, line_editing

pytest.importorskip("readline")


class Terminal:
    """Types into a program that believes to be at a terminal, and reads what it shows."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self._end = end
        self.shown = ""

    def type(self, text: str) -> None:
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


def test_tab_completes_and_lines_are_kept(tmp_path: Path, embedded_broker_url: str) -> None:
    folder, state = write_project(tmp_path / "project"), tmp_path / "state"
    with terminal(folder, "shell", "--broker", embedded_broker_url, XDG_STATE_HOME=str(state)) as shell:
        shell.wait_for(">>> ")
        shell.type("n.rpc.Greeter.he\t")
        shell.wait_for("n.rpc.Greeter.hello(")
        shell.type("na\t")
        shell.wait_for("name=")
        shell.type("\x15marker = 1\n")
        shell.wait_for(">>> ")
        shell.type("\x04")
        assert shell.process.wait(SECONDS) == 0
    history = state / "svcgen" / "shell_history"
    assert "marker = 1" in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    with terminal(folder, "shell", "--broker", embedded_broker_url, XDG_STATE_HOME=str(state)) as shell:
        shell.wait_for(">>> ")
        shell.type("\x10")  # the line before
        shell.wait_for("marker = 1")


def test_a_history_that_cannot_be_kept_is_not_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").write_text("a file where a folder must be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names: dict[str, Any] = {}
    with line_editing(names):
        names["reached"] = True
    assert names == {"reached": True}


def test_python_without_readline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "readline", None)
    names: dict[str, Any] = {}
    with line_editing(names):
        names["reached"] = True
    assert names == {"reached": True}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"XDG_STATE_HOME": "/state"}, "/state/svcgen/shell_history"),
        ({"XDG_STATE_HOME": "relative"}, "/home/ada/.local/state/svcgen/shell_history"),
        ({}, "/home/ada/.local/state/svcgen/shell_history"),
    ],
)
def test_where_the_history_is(variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert history_file(variables) == Path(expected)
