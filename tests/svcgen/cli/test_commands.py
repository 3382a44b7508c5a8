import os
import stat
import subprocess
import sys
import tempfile
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import click
import pytest

from svcgen.cli import commands, main
from svcgen.cli.program import group

SAMPLE = "package acme.v1\nstruct A { x: int }\n"
LIGHT = {"eventlet", "amqp", "werkzeug", "svcrt", "msgspec"}


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a.idl").write_text(SAMPLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_of_the_table_exists_and_its_help_has_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == 0
    assert f"  svcgen {name}" in capsys.readouterr().out


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in commands.COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("svcgen 0.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["complie"], "There is no command `complie`. Did you mean `compile`?"),
        (["xyzzy"], "There is no command `xyzzy`."),
        (["compile"], "Missing argument 'FILE...'"),
        (["compile", "a.idl", "--format", "yaml"], "'yaml' is not one of"),
        (["compile", "a.idl", "--include", "nowhere"], "'nowhere' does not exist"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_code_2(
    arguments: list[str], message: str, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_compile_writes_and_says_what(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "a.idl", "--out", "src"]) == 0
    captured = capsys.readouterr()
    assert captured.err == "3 files written in src: acme/v1\n"
    assert captured.out == ""
    assert (workplace / "src/acme/v1/types.py").exists()


def test_compile_check_lists_what_differs(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "a.idl", "--check"]) == 1
    assert "differs: acme/v1/types.py" in capsys.readouterr().err
    assert not (workplace / "acme").exists()
    assert main(["compile", "a.idl"]) == 0
    assert main(["compile", "a.idl", "--check"]) == 0
    (workplace / "acme/v1/types.py").rename(workplace / "acme/v1/client.py")
    capsys.readouterr()
    assert main(["compile", "a.idl", "--check"]) == 1
    assert "stale: acme/v1/client.py" in capsys.readouterr().err


def test_check_says_that_all_is_well(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "a.idl"]) == 0
    assert capsys.readouterr().err == "no mistakes in 1 file\n"
    assert not (workplace / "acme").exists()


def test_a_file_in_the_way_is_one_sentence(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "out").write_text("")
    assert main(["compile", "a.idl", "--out", "out"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_internal_error_leaves_its_traceback_in_a_file(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def broken() -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(tempfile, "tempdir", str(workplace))
    monkeypatch.setattr(group, "get_command", lambda _ctx, _name: broken)
    assert main(["broken"]) == 1
    error = capsys.readouterr().err
    assert "internal error (RuntimeError); please report" in error
    assert "Traceback" not in error
    (report,) = workplace.glob("svcgen-error-*.txt")
    assert "RuntimeError: secret" in report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(group, "get_command", lambda _ctx, _name: interrupted)
    assert main(["interrupted"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_plug_in_is_looked_for_only_when_the_name_is_not_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def entry_points(*, group: str, name: str) -> EntryPoints:
        asked.append((group, name))
        return EntryPoints([EntryPoint("extra", "svcgen.cli.check:command", group)]).select(name=name)

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    assert main(["check", "--help"]) == 0
    assert asked == []
    assert main(["extra", "--help"]) == 0
    assert set(asked) == {("svcgen.commands", "extra")}
    assert "svcgen extra" in capsys.readouterr().out


def loaded_by(*arguments: str, cwd: Path) -> set[str]:
    script = "import sys\nfrom svcgen.cli import main\nmain(sys.argv[1:])\nprint(*sys.modules, file=sys.stderr)\n"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=cwd, capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stderr.split()}


def test_help_and_compile_load_nothing_of_the_runtime(workplace: Path) -> None:
    assert loaded_by("--help", cwd=workplace) & (LIGHT | {"lark", "jinja2", "svcidl"}) == set()
    assert loaded_by("compile", "a.idl", cwd=workplace) & LIGHT == set()
    assert loaded_by("check", "a.idl", cwd=workplace) & LIGHT == set()
    assert loaded_by("explain", "E0201", cwd=workplace) & (LIGHT | {"lark", "jinja2", "svcidl.parser"}) == set()


def test_the_runtime_loads_nothing_of_the_compiler() -> None:
    script = "import sys, svcrt.runner, svcrt.cli.run, svcrt.generated; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert {name.split(".")[0] for name in done.stdout.split()} & {"lark", "jinja2", "svcidl", "svcgen"} == set()


def test_python_dash_m_is_the_same_command() -> None:
    done = subprocess.run([sys.executable, "-m", "svcgen", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("svcgen ")
