"""`explain`, and that the examples of its pages are true."""

import re
import shlex
from pathlib import Path

import pytest

from svcgen.cli import main
from svcgen.pipeline import compile_files
from svcidl.codes import CODES
from svcidl.explanations import explain

BLOCK = re.compile(r"^```(idl|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"// (\S+\.idl)(, saved as Latin-1)?\n")


def raised(example: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Return the codes that an example raises: by its command if it has one, else by its first file."""
    paths, commands = [], []
    for kind, text in BLOCK.findall(example):
        if kind == "sh":
            commands.append(text)
            continue
        named = FILE.match(text)
        path = folder / (named[1] if named else "example.idl")
        path.write_bytes(text.encode("latin-1" if named and named[2] else "utf-8"))
        paths.append(path)
    if not commands:
        commands = [f"svcgen check {paths[0].name} --format concise"]
    capsys.readouterr()
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "svcgen"
        main(arguments)
    found = set(re.findall(r"(?:error|warning)\[([A-Z]\d{4})\]", capsys.readouterr().err))
    # `check` is about the language alone; the codes of a generator come when it runs.
    compiled = compile_files(paths[:1], out=folder / "out", dry_run=True)
    return found | {each.code for each in compiled.diagnostics if each.code.startswith("G")}


@pytest.mark.parametrize("code", CODES)
def test_the_wrong_example_raises_its_code_alone_and_the_right_one_is_clean(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = explain(code)
    for name, example, expected in (("wrong", page.wrong, {code}), ("right", page.right, set())):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        assert raised(example, folder, capsys) == expected


def test_a_code_is_explained_however_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "E0201"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("E0201: A name is unknown: ")
    assert main(["explain", "e0201"]) == 0
    assert capsys.readouterr().out == out


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("E01 Syntax\n  E0101  ")
    assert all(f"  {code}  {meaning}\n" in out for code, meaning in CODES.items())


@pytest.mark.parametrize(
    ("code", "hint"), [("EO2O1", "did you mean `E0201`?"), ("E201", "did you mean `E0201`?"), ("nonsense", "lists all")]
)
def test_an_unknown_code(code: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"Error: there is no code `{code}`; ")
    assert hint in captured.err
    assert captured.err.count("\n") == 1
