"""The prompt of `shell` at a terminal: the tab key, the history, and Python without readline."""

import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from cli_process import SECONDS
from cli_project import write_project
from svcrt.cli.prompt import history_file, line_editing
from terminal import terminal

pytest.importorskip("readline")


def test_tab_completes_and_lines_are_kept(tmp_path: Path, embedded_broker_url: str) -> None:
    folder, state = write_project(tmp_path / "project"), tmp_path / "state"
    with terminal(folder, "shell", "--broker", embedded_broker_url, XDG_STATE_HOME=str(state)) as shell:
        shell.wait_for(">>> ")
        shell.type("n.rpc.Greeter.he\t")
        shell.wait_for("n.rpc.Greeter.hello(")
        shell.type("na\t")
        shell.wait_for("name=")
        # What is shown anew while a line is edited is no prompt: only the one after the result is.
        shell.type("\x15print(6 * 7)\n")
        shell.wait_for("42")
        shell.wait_for(">>> ")
        shell.type("\x04")
        assert shell.process.wait(SECONDS) == 0
    history = state / "svcgen" / "shell_history"
    assert "print(6 * 7)" in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    with terminal(folder, "shell", "--broker", embedded_broker_url, XDG_STATE_HOME=str(state)) as shell:
        shell.wait_for(">>> ")
        shell.type("\x10")  # the line before
        shell.wait_for("print(6 * 7)")


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
