"""`lint`: findings, fixes, what is on, and exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from svcgen.cli import main

ROOT = Path(__file__).parents[3]
TEXT = "package a.v1\n\nstruct Login { password: str, price: float }\n"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.idl").write_text(TEXT)


def test_findings_are_printed_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "a.idl", "--format", "concise"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "a.idl:3:16: warning[L0132]: field `password` looks like a secret and is not `@sensitive`\n"
        "a.idl:3:38: warning[L0117]: field `price` holds money in a `float`\n"
        "1 finding can be put right with --fix\n"
    )
    assert main(["lint", "a.idl"]) == 1
    assert "warning: 2 warnings in 1 file\n" in capsys.readouterr().err


def test_machines_get_findings_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "a.idl", "--format", "json"]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    assert [json.loads(line)["code"] for line in captured.out.splitlines()] == ["L0132", "L0117"]
    assert main(["lint", "a.idl", "--format", "sarif"]) == 1
    run = json.loads(capsys.readouterr().out)["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == ["L0132", "L0117"]


def test_rules_are_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "a.idl", "--ignore", "L0132", "--ignore", "float-for-money"]) == 0
    assert capsys.readouterr().err == "no findings in 1 file\n"
    assert main(["lint", "a.idl", "--only", "unbounded-text"]) == 0
    assert main(["lint", "a.idl", "--only", "L0147", "--format", "concise"]) == 1
    assert capsys.readouterr().err.count("[L0147]") == 2
    Path("svcgen.toml").write_text('[lint]\nignore = ["L0132"]\n')
    assert main(["lint", "a.idl", "--format", "concise"]) == 1
    assert "L0132" not in capsys.readouterr().err
    assert main(["lint", "a.idl", "--select", "L0132", "--format", "concise"]) == 1
    assert "L0132" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "unused-imports"], "there is no rule `unused-imports`; did you mean `unused-import`?"),
        (["--config", "none.toml"], "none.toml: cannot be read: No such file or directory"),
        (["--fix", "--diff"], "--fix and --diff exclude each other."),
    ],
)
def test_what_cannot_run_is_exit_code_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "a.idl", *arguments]) == 2
    assert f"Error: {message}\n" in capsys.readouterr().err
    assert Path("a.idl").read_text() == TEXT


def test_fix_writes_what_is_safe_and_reports_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.idl").write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert main(["lint", "a.idl", "--fix", "--format", "concise"]) == 1
    assert capsys.readouterr().err == (
        "1 finding put right in 1 file\na.idl:3:49: warning[L0117]: field `price` holds money in a `float`\n"
    )
    fixed = TEXT.replace("password", "@sensitive password").replace("\n", "\r\n")
    assert Path("a.idl").read_bytes() == b"\xef\xbb\xbf" + fixed.encode()
    assert main(["lint", "a.idl", "--fix", "--ignore", "L0117"]) == 0
    assert capsys.readouterr().err == "no findings in 1 file\n"


def test_diff_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "a.idl", "--diff", "--ignore", "L0117"]) == 1
    assert capsys.readouterr().out == (
        "--- a.idl\n+++ a.idl\n@@ -1,3 +1,3 @@\n package a.v1\n \n"
        "-struct Login { password: str, price: float }\n+struct Login { @sensitive password: str, price: float }\n"
    )
    assert Path("a.idl").read_text() == TEXT
    Path("a.idl").write_text("package a.v1\n")
    assert main(["lint", "a.idl", "--diff"]) == 0
    assert capsys.readouterr().out == ""


def test_mistakes_are_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.idl").write_text(TEXT.replace("float", "flaot"))
    before = Path("a.idl").read_text()
    for flag in ([], ["--fix"], ["--diff"]):
        assert main(["lint", "a.idl", "--format", "concise", *flag]) == 1
        assert capsys.readouterr().err == "a.idl:3:38: error[E0201]: unknown type `flaot`\n"
    assert Path("a.idl").read_text() == before


def test_a_file_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("svcgen.in_place.replace", replace)
    assert main(["lint", "a.idl", "--fix"]) == 2
    assert capsys.readouterr().err == "Error: cannot write a.idl: Permission denied; it is as it was\n"


def test_all_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--rules"]) == 0
    out = capsys.readouterr().out
    assert "* L0112 unused-import: An import is not used.\n" in out
    assert "  L0149 missing-owner: A service has no owner.\n" in out
    assert out.endswith("\n* on by default; `svcgen explain CODE` tells more\n")


@pytest.mark.parametrize("name", ["hello", "shop", "intake", "chat", "tour"])
def test_the_examples_are_clean(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(ROOT / "generated_examples" / name)]) == 0
    assert capsys.readouterr().err.startswith("no findings in ")


@pytest.mark.parametrize("folder", ["demo/shop", "demo/tour", "scaffold"])
def test_what_svcgen_writes_for_others_is_clean(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.idl").unlink()
    for template in (ROOT / "compiler" / "svcgen" / folder).glob("*.idl.txt"):
        Path(template.name.removesuffix(".txt")).write_text(template.read_text())
    assert main(["lint", "."]) == 0
    assert capsys.readouterr().err.startswith("no findings in ")


def test_help_and_compile_load_no_rules() -> None:
    script = "import sys\nfrom svcgen.cli import main\nmain(sys.argv[1:])\nprint(*sys.modules, file=sys.stderr)\n"
    for arguments in (["--help"], ["check", "a.idl"]):
        ran = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
        assert "svcidl.lint" not in ran.stderr.splitlines()[-1].split()
