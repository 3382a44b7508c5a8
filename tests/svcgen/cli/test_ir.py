import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from svcgen.cli import main

SAMPLE = "/// An example.\npackage acme.v1\nstruct A { x: int = 1 }\nservice S { rpc m() -> A }\n"


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a.idl").write_text(SAMPLE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_model_obeys_the_schema_that_is_printed(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ir", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert main(["ir", "a.idl"]) == 0
    model = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema).validate(model)
    assert model["schema"] == 1
    (package,) = model["packages"]
    assert (package["path"], package["doc"], package["requested"]) == ("a.idl", "An example.", True)


def test_a_file_is_the_same_from_wherever_it_is_named(workplace: Path) -> None:
    assert main(["ir", "a.idl", "--out", "1.json"]) == 0
    assert main(["ir", "--out", "2.json"]) == 0
    assert main(["ir", os.fspath(workplace / "a.idl"), "--out", "3.json"]) == 0
    assert len({(workplace / f"{number}.json").read_bytes() for number in (1, 2, 3)}) == 1
    assert sorted(os.listdir(workplace)) == ["1.json", "2.json", "3.json", "a.idl"]


def test_with_mistakes_nothing_is_written(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "a.idl").write_text(SAMPLE.replace("-> A", "-> B"))
    assert main(["ir", "--out", "a.json"]) == 1
    assert "error[E0201]" in capsys.readouterr().err
    assert os.listdir(workplace) == ["a.idl"]


def test_a_place_that_cannot_be_written(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "folder").mkdir()
    for place in ("nowhere/a.json", "folder"):
        assert main(["ir", "--out", place]) == 2
        assert capsys.readouterr().err.startswith(f"Error: cannot write `{place}`: ")
    assert sorted(os.listdir(workplace)) == ["a.idl", "folder"]
