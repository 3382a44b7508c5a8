import subprocess
import sys
from pathlib import Path

import pytest

from svcgen.cli import main
from svcgen.new_project import NewProjectError, new_project, project_files

FILES = {
    ".gitignore",
    "README.md",
    "client.py",
    "waiter.idl",
    "svcgen.toml",
    "test_waiter.py",
    "waiter_service.py",
}


def test_a_new_project_carries_its_name(tmp_path: Path) -> None:
    folder = new_project("waiter", tmp_path)
    assert {path.name for path in folder.iterdir()} == FILES
    assert not [path for path in folder.iterdir() if "greeter" in path.read_text().lower()]


@pytest.mark.slow
def test_it_compiles_and_passes_its_own_tests_and_the_type_checker(tmp_path: Path) -> None:
    folder = new_project("waiter", tmp_path)
    for command in (
        ["-m", "svcgen", "compile", "waiter.idl"],
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_waiter.py"],
        ["-m", "mypy", "--strict", "--explicit-package-bases", "waiter_service.py", "client.py"],
        ["-m", "ruff", "format", "--isolated", "--check", "."],
        ["-m", "svcgen", "run", "--show-config"],
    ):
        done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert "waiter_service:Waiter" in done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("My-Shop", "such as `my_shop`"),
        ("1st", "cannot name a package"),
        ("a__b", "such as `a_b`"),
        ("../up", "such as `up`"),
        ("class", "is taken by Python"),
        ("json", "is taken by Python"),
        ("svcrt", "is taken by Python"),
        ("client", "a file of the project"),
    ],
)
def test_a_bad_name_is_one_sentence(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(NewProjectError, match=message):
        new_project(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "waiter").mkdir()
    (tmp_path / "waiter" / "mine").write_text("")
    monkeypatch.chdir(tmp_path)
    assert main(["new", "waiter"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "waiter").iterdir()] == ["mine"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "waiter").mkdir()
    new_project("waiter", tmp_path)
    assert set(project_files("waiter")) == FILES
