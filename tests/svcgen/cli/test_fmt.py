import io
import json
import os
import sys
from pathlib import Path

import pytest

from svcgen.cli import fmt, main

UGLY = b"package acme.v1\nstruct A { x:int }\n"
FINE = b"package acme.v1\n\nstruct A { x: int }\n"
BROKEN = b"package acme.v1\nstruct A { x int }\n"


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "ugly.idl").write_bytes(UGLY)
    (tmp_path / "sub/fine.idl").write_bytes(FINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_folder_is_formatted_and_formatted_files_are_not_touched(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.utime(workplace / "sub/fine.idl", ns=(1, 1))
    assert main(["fmt", "."]) == 0
    captured = capsys.readouterr()
    assert captured.err == "formatted: ./ugly.idl\n1 file formatted already\n"
    assert captured.out == ""
    assert (workplace / "ugly.idl").read_bytes() == FINE
    assert (workplace / "sub/fine.idl").stat().st_mtime_ns == 1


def test_a_file_with_syntax_errors_is_left_and_the_others_are_formatted(
    workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "broken.idl").write_bytes(BROKEN)
    assert main(["fmt", ".", "--format", "concise"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "./broken.idl:2:13: error[E0102]: a `:` is missing here",
        "formatted: ./ugly.idl",
        "1 file formatted already",
        "1 file not formatted",
    ]
    assert (workplace / "broken.idl").read_bytes() == BROKEN
    assert (workplace / "ugly.idl").read_bytes() == FINE


def test_mistakes_of_other_kinds_do_not_matter(workplace: Path) -> None:
    (workplace / "ugly.idl").write_bytes(b"package acme.v1\nstruct A { x:Nowhere(1..2,3)?? }\n")
    assert main(["fmt", "ugly.idl"]) == 0
    assert b"{ x: Nowhere(1..2, 3)?? }" in (workplace / "ugly.idl").read_bytes()


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"package acme.v1\n// \xff\n", "E0106"), (b"package acme.v1\nstruct A { x: int /// x\n, y: int }\n", "L0101")],
)
def test_what_cannot_be_kept_is_refused(
    data: bytes, code: str, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "ugly.idl").write_bytes(data)
    assert main(["fmt", "ugly.idl", "--format", "json"]) == 1
    assert [json.loads(line)["code"] for line in capsys.readouterr().out.splitlines()] == [code]
    assert (workplace / "ugly.idl").read_bytes() == data


def test_check_writes_nothing(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--check", "."]) == 1
    assert capsys.readouterr().err == "differs: ./ugly.idl\nrun the same command without --check to format them\n"
    assert (workplace / "ugly.idl").read_bytes() == UGLY
    assert main(["fmt", "--check", "sub"]) == 0
    assert capsys.readouterr().err == "1 file formatted already\n"


def test_a_broken_file_fails_the_check(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "broken.idl").write_bytes(BROKEN)
    assert main(["fmt", "--check", "broken.idl"]) == 1
    assert "1 file not formatted" in capsys.readouterr().err


def test_a_diff_is_printed_and_nothing_written(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "ugly.idl").write_bytes(UGLY.rstrip())
    assert main(["fmt", "--diff", "."]) == 1
    assert capsys.readouterr().out == (
        "--- ./ugly.idl\n+++ ./ugly.idl\n@@ -1,2 +1,3 @@\n package acme.v1\n"
        "-struct A { x:int }\n\\ No newline at end of file\n+\n+struct A { x: int }\n"
    )
    assert (workplace / "ugly.idl").read_bytes() == UGLY.rstrip()
    assert main(["fmt", "--diff", "sub"]) == 0


def test_standard_input(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    _stdin(monkeypatch, UGLY)
    assert main(["fmt", "-"]) == 0
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == FINE
    _stdin(monkeypatch, BROKEN)
    assert main(["fmt", "-", "--stdin-filename", "a/b.idl", "--format", "concise"]) == 1
    captured = capfdbinary.readouterr()
    assert captured.out == b""
    assert captured.err == b"a/b.idl:2:13: error[E0102]: a `:` is missing here\n"


def test_standard_input_can_be_checked(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _stdin(monkeypatch, UGLY)
    assert main(["fmt", "-", "--check"]) == 1
    assert capsys.readouterr().err.startswith("differs: <standard input>\n")
    _stdin(monkeypatch, FINE)
    assert main(["fmt", "-", "--check"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "ugly.idl"], "`-` stands for standard input and takes no other FILE beside it."),
        (["ugly.idl", "--stdin-filename", "x"], "`--stdin-filename` needs `-` as FILE."),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_files_that_cannot_be_read_are_all_told(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "empty").mkdir()
    assert main(["fmt", "nowhere.idl", "empty", "ugly.idl", "--format", "concise"]) == 1
    assert capsys.readouterr().err.splitlines()[:2] == [
        "nowhere.idl:1:1: error[E0206]: cannot read `nowhere.idl`: no such file",
        "empty:1:1: error[E0206]: cannot read `empty`: no `.idl` file under this folder",
    ]
    assert (workplace / "ugly.idl").read_bytes() == FINE


def test_a_file_that_cannot_be_written_ends_in_exit_code_2(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (workplace / "other.idl").write_bytes(UGLY)

    def refuse(path: Path, data: bytes) -> None:
        if path.name == "other.idl":
            raise PermissionError(13, "Permission denied", str(path))
        path.write_bytes(data)

    monkeypatch.setattr(fmt, "replace", refuse)
    assert main(["fmt", "other.idl", "ugly.idl"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "Error: cannot write other.idl: permission denied; it is as it was",
        "formatted: ugly.idl",
    ]
    assert (workplace / "ugly.idl").read_bytes() == FINE


def test_a_file_named_twice_is_formatted_once(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "link.idl").symlink_to("ugly.idl")
    assert main(["fmt", "ugly.idl", "link.idl", "."]) == 0
    assert capsys.readouterr().err == "formatted: ugly.idl\n1 file formatted already\n"
    assert (workplace / "link.idl").is_symlink()
