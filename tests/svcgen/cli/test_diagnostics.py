"""Findings on the command line: which stream, which format, when in colour."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from svcgen.cli import main

ESC = "\x1b["


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a.idl").write_text("package acme.v1\nstruct A { x: Foo }\n")
    (tmp_path / "good.idl").write_text("package acme.v1\nstruct A { x: int }\n")
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("command", ["compile", "check"])
@pytest.mark.parametrize(
    ("form", "is_data"), [("full", False), ("concise", False), ("json", True), ("github", True), ("sarif", True)]
)
def test_mistakes_are_printed_in_every_form(
    command: str, form: str, is_data: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "a.idl", "--format", form]) == 1
    captured = capfd.readouterr()
    said, other = (captured.out, captured.err) if is_data else (captured.err, captured.out)
    assert "E0201" in said
    assert other == ""


@pytest.mark.parametrize("command", ["compile", "check"])
def test_a_clean_run_gives_an_empty_log_of_sarif_and_nothing_else_on_standard_output(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    for form in ("full", "concise", "json", "github"):
        assert main([command, "good.idl", "--format", form]) == 0
    assert capfd.readouterr().out == ""
    assert main([command, "good.idl", "--format", "sarif"]) == 0
    assert json.loads(capfd.readouterr().out)["runs"][0]["results"] == []


def test_a_path_that_is_no_text_is_told_in_every_form(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for form in ("full", "concise", "json", "github", "sarif"):
        assert main(["check", "b\udcff.idl", "--format", form]) == 1
    out = capfdbinary.readouterr().out.decode("utf-8")
    assert json.loads(out.splitlines()[0])["file"] == "b\udcff.idl"
    assert '"uri": "b%FF.idl"' in out


@pytest.mark.parametrize(
    ("arguments", "environment", "is_coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "always", "--format", "concise"], {}, False),
    ],
)
def test_colour_away_from_a_terminal(
    arguments: list[str],
    environment: dict[str, str],
    is_coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["check", "a.idl", *arguments]) == 1
    assert (ESC in capfd.readouterr().err) == is_coloured


@pytest.mark.parametrize(
    ("environment", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_on_a_terminal(environment: dict[str, str], is_coloured: bool, workplace: Path) -> None:
    leader, follower = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "svcgen", "check", "a.idl"],
            cwd=workplace,
            stderr=follower,
            env={**os.environ, "TERM": "xterm", **environment},
            check=False,
        )
        said = os.read(leader, 100_000).decode("utf-8")
    finally:
        os.close(leader)
        os.close(follower)
    assert "unknown type `Foo`" in said
    assert (ESC in said) == is_coloured
