"""The checked-in packages are what the compiler writes today."""

from pathlib import Path

import pytest

from svcgen.cli import main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "source",
    [
        *sorted(path for path in (ROOT / "generated_examples").iterdir() if list(path.glob("*.idl"))),
        ROOT / "tests/support/desk.idl",
    ],
    ids=lambda path: path.name,
)
def test_a_package_is_fresh(source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(source.parent)
    assert main(["compile", "--check", source.name]) == 0, capsys.readouterr().err
