"""Paths, folders, include folders, and what cannot be read."""

import os
from pathlib import Path

from svcidl.pipeline import Checked, check


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def codes(checked: Checked) -> list[str]:
    return [found.code for found in checked.diagnostics]


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.idl"
    os.mkfifo(fifo)
    (tmp_path / "empty").mkdir()
    checked = check([tmp_path / "missing.idl", fifo, tmp_path / "empty", "nul\0.idl"])
    assert codes(checked) == ["E0206"] * 4
    messages = " ".join(found.message for found in checked.diagnostics)
    assert "no such file" in messages
    assert "not a regular file" in messages
    assert "no `.idl` file under this folder" in messages


def test_a_folder_means_every_file_under_it(tmp_path: Path) -> None:
    write(tmp_path / "x/a.idl", "package a\n")
    write(tmp_path / "x/deep/b.idl", "package b\n")
    write(tmp_path / "x/other.txt", "no")
    model = check([tmp_path / "x"]).model
    assert model is not None
    assert [(package.name, package.requested) for package in model.packages] == [("a", True), ("b", True)]


def test_imports_are_looked_up_beside_the_file_then_in_include_folders(tmp_path: Path) -> None:
    main = write(tmp_path / "main/m.idl", 'package m\nimport "c.idl" as c\nstruct A { t: c.T }\n')
    write(tmp_path / "lib/c.idl", "package c\nstruct T {}\n")
    assert codes(check([main])) == ["E0205"]
    assert codes(check([main], include=[tmp_path / "lib"])) == []
    write(tmp_path / "main/c.idl", "package near\nstruct T {}\n")
    model = check([main], include=[tmp_path / "lib"]).model
    assert model is not None
    assert [package.name for package in model.packages] == ["m", "near"]


def test_two_spellings_are_one_file_and_files_may_import_each_other(tmp_path: Path) -> None:
    a = write(tmp_path / "a.idl", 'package a\nimport "./d/../b.idl" as b\nevent E {}\nservice S {\n  uses b.T\n}\n')
    write(tmp_path / "d/x.txt", "")
    write(tmp_path / "b.idl", 'package b\nimport "a.idl" as a\nservice T {\n  subscribes a.E as on_e\n}\n')
    checked = check([a, tmp_path / "d/../a.idl"])
    assert codes(checked) == []
    assert checked.model is not None
    assert len(checked.model.packages) == 2


def test_texts_stand_in_for_what_files_hold(tmp_path: Path) -> None:
    a = write(tmp_path / "a.idl", 'package a\nimport "b.idl" as b\nstruct A { b: b.B }\n')
    b = write(tmp_path / "b.idl", "package b\n")
    (tmp_path / "link.idl").symlink_to(b)
    text = "package b\nstruct B {}\n"
    checked = check([tmp_path / "link.idl", a], texts={os.path.realpath(b): text})
    assert codes(checked) == []
    assert [source.text for source in checked.sources.values()] == [text, a.read_text()]
    assert codes(check([a])) == ["E0201"]
