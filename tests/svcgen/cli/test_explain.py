"""`explain`, and that the examples of its pages are true."""

import re
import shlex
from pathlib import Path

import pytest

from svcgen.cli import main
from svcgen.pipeline import compile_files
from svcidl import explanations
from svcidl.codes import CODES
from svcidl.explanation import Explanation, example
from svcidl.explanations import PAGES_OF_RULES, explain, titles

BLOCK = re.compile(r"^```(idl|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"// ([\w./]+\.idl)(, saved as Latin-1)?\n")


def raised(code: str, blocks: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Return the codes that an example raises: by its command if it has one, else by its first file."""
    paths, commands = [], []
    for kind, text in BLOCK.findall(blocks):
        if kind == "sh":
            commands.append(text)
            continue
        named = FILE.match(text)
        path = folder / (named[1] if named else "example.idl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1" if named and named[2] else "utf-8"))
        paths.append(path)
    if not commands:
        verb = "lint" if code.startswith("L") and code not in CODES else "check"
        commands = [f"svcgen {verb} {paths[0].name} --format concise"]
    capsys.readouterr()
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "svcgen"
        main(arguments)
    found = set(re.findall(r"(?:error|warning)\[([A-Z]\d{4})\]", capsys.readouterr().err))
    # `check` is about the language alone; the codes of a generator come when it runs.
    compiled = compile_files(paths[:1], out=folder / "out", dry_run=True)
    return found | {each.code for each in compiled.diagnostics if each.code.startswith("G")}


@pytest.mark.parametrize("code", titles())
def test_the_wrong_example_raises_its_code_alone_and_the_right_one_is_clean(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = explain(code)
    for name, blocks, expected in (("wrong", page.wrong, {code}), ("right", page.right, set())):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        assert raised(code, blocks, folder, capsys) == expected


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
    assert all(f"  {code}  {meaning}\n" in out for code, meaning in titles().items())


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


def test_pages_of_rules_are_explained_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    page = Explanation(
        code="B9901",
        name="field-painted",
        tags=("WIRE",),
        title="A field was painted.",
        meaning="Paint does not travel.",
        wrong=example(
            "// before/a.idl\npackage a.v1", "// after/a.idl\npackage a.v1", run="svcgen breaking after/a.idl"
        ),
        right=example("package a.v1"),
        remedy="Leave it as it is.",
    )
    monkeypatch.setattr(explanations, "PAGES_OF_RULES", {**PAGES_OF_RULES, "B": lambda: [page]})
    assert main(["explain", "b9901"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "B9901: A field was painted.\n\n`field-painted`, WIRE\n\nPaint does not travel.\n\nWrong:\n\n"
    )
    assert "    // before/a.idl\n    package a.v1\n\n    // after/a.idl\n" in out
    assert out.endswith("Leave it as it is.\n")
