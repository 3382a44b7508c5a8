"""What files declare that a run does not read."""

import os
from pathlib import Path

import pytest

from svcidl.nearby import Nearby, idl_files_beside
from svcidl.pipeline import check


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.idl").write_text(text, encoding="utf-8")


def test_every_kind_of_declaration_is_found_with_its_place(tmp_path: Path) -> None:
    text = (
        'package b.v1\n\nalias A = int\n  closed enum B { x }\n@deprecated("d") struct C {}\nunion D = C\n'
        "error E(404)\nevent F {}\nservice G {}\n// struct H {}\n"
    )
    write(tmp_path, main="", beside=f"\ufeff{text}")
    nearby = Nearby([str(tmp_path / "main.idl")], [])
    kinds = {name: found[0].kind for name, found in nearby.declared.items()}
    assert kinds == dict(zip("ABCDEFG", ["alias", "enum", "struct", "union", "error", "event", "service"], strict=True))
    (found,) = nearby.declared["B"]
    assert (found.line, found.column) == (4, 15)


def test_files_of_the_run_are_not_near_by(tmp_path: Path) -> None:
    write(tmp_path, main="struct A {}\n", other="struct B {}\n")
    assert set(Nearby([str(tmp_path / "main.idl")], []).declared) == {"B"}


def test_a_folder_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    assert Nearby([str(tmp_path / "gone" / "a.idl")], [str(tmp_path / "nowhere"), "\0"]).declared == {}
    assert idl_files_beside(str(tmp_path / "gone" / "a.idl")) == []


def test_what_is_no_file_or_no_text_does_no_harm(tmp_path: Path) -> None:
    write(tmp_path, main="package a.v1\nstruct A { b: Money }\n")
    (tmp_path / "folder.idl").mkdir()
    (tmp_path / "data.idl").write_bytes(bytes(range(256)) + b"\nstruct Money {}\n")
    os.symlink(tmp_path / "nowhere", tmp_path / "link.idl")
    (found,) = check([tmp_path / "main.idl"]).diagnostics
    assert found.help == (f'it is declared at {tmp_path}/data.idl:3:8; write `import "data.idl" {{ Money }}`',)


def test_the_import_is_written_from_the_importing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a", orders="package a.v1\nstruct A { b: Money }\n")
    write(tmp_path / "b", common="package b.v1\nstruct Money { c: int }\n")
    monkeypatch.chdir(tmp_path)
    (found,) = check(["a", "b"]).diagnostics
    assert found.help == ('it is declared at b/common.idl:2:8; write `import "../b/common.idl" { Money }`',)
    (found,) = check(["a"], include=["b"]).diagnostics
    assert found.help == ('it is declared at b/common.idl:2:8; write `import "common.idl" { Money }`',)
