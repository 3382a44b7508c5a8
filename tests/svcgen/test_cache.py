"""An unchanged run is known for one without reading a contract; whatever has changed is seen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from svcgen import cache, pipeline
from svcgen.cli import main

IDL = 'package a.v1\nimport "b.idl" as b\nstruct T { x: b.T }\n'
OTHER = "package b.v1\nstruct T { x: int }\n"
Ran = Callable[..., bool]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of contracts and one of what they import; the cache is empty."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "common").mkdir()
    (tmp_path / "contracts/a.idl").write_text(IDL)
    (tmp_path / "common/b.idl").write_text(OTHER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cache.DIRECTORY, str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def ran(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """Compile, and tell whether the contracts were read."""
    count = 0
    real = pipeline.compile_files

    def counted(*arguments: Any, **options: Any) -> pipeline.Compiled:
        nonlocal count
        count += 1
        return real(*arguments, **options)

    monkeypatch.setattr(pipeline, "compile_files", counted)

    def compile_once(*more: str) -> bool:
        before = count
        assert main(["compile", "contracts", "--include", "common", "--out", "out", *more]) == 0
        return count > before

    return compile_once


def test_what_has_not_changed_is_not_read_again(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran()
    capsys.readouterr()
    assert not ran()
    assert "6 files unchanged in out: a/v1, b/v1" in capsys.readouterr().err
    assert not ran("--check")
    assert "6 files up to date" in capsys.readouterr().err


def test_no_cache_does_all_of_it(ran: Ran) -> None:
    assert ran()
    assert ran("--no-cache")


def test_stats_tells_of_every_stage(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran()
    capsys.readouterr()
    assert ran("--stats")
    lines = capsys.readouterr().err.splitlines()
    stages = ["parse", "resolve", "rules", "names", "plan", "render", "write", "total"]
    assert [line.split()[0] for line in lines[:-1]] == stages
    assert lines[-2].endswith("2 files of 5 lines read, 6 files generated")


def change_contract(folder: Path) -> None:
    (folder / "contracts/a.idl").write_text(IDL + "struct U { y: int }\n")


def change_import(folder: Path) -> None:
    (folder / "common/b.idl").write_text(OTHER.replace("int", "str"))


def add_contract(folder: Path) -> None:
    (folder / "contracts/deeper").mkdir()
    (folder / "contracts/deeper/c.idl").write_text("package c.v1\nstruct T { x: int }\n")


def put_an_import_before(folder: Path) -> None:
    (folder / "contracts/b.idl").write_text("package b.v1\nstruct T { other: str }\n")


def change_output(folder: Path) -> None:
    with (folder / "out/a/v1/types.py").open("a") as file:
        file.write("\n# by hand\n")


def remove_output(folder: Path) -> None:
    (folder / "out/b/v1/types.py").unlink()


def leave_something_stale(folder: Path) -> None:
    stale = folder / "out/a/v1/client.py"
    stale.write_text((folder / "out/a/v1/types.py").read_text())


def damage_record(folder: Path) -> None:
    for path in (folder / "cache").iterdir():
        path.write_text(path.read_text()[:40])


def replace_record(folder: Path) -> None:
    for path in (folder / "cache").iterdir():
        path.write_text("[]")


@pytest.mark.parametrize(
    "change",
    [
        change_contract,
        change_import,
        add_contract,
        put_an_import_before,
        change_output,
        remove_output,
        leave_something_stale,
        damage_record,
        replace_record,
    ],
)
def test_whatever_changes_is_seen(ran: Ran, workplace: Path, change: Callable[[Path], None]) -> None:
    assert ran()
    assert not ran()
    change(workplace)
    assert ran()
    assert not ran()


@pytest.mark.parametrize("change", [change_contract, change_import, add_contract])
def test_what_changes_while_a_run_goes_on_is_seen_by_the_next(
    ran: Ran, workplace: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    counted = pipeline.compile_files

    def changed_meanwhile(*arguments: Any, **options: Any) -> pipeline.Compiled:
        compiled = counted(*arguments, **options)
        change(workplace)
        return compiled

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "compile_files", changed_meanwhile)
        assert ran()
    assert ran()
    assert not ran()


def test_a_byte_order_mark_is_no_reason_to_do_it_again(ran: Ran, workplace: Path) -> None:
    (workplace / "contracts/a.idl").write_text(IDL, encoding="utf-8-sig")
    assert ran()
    assert not ran()


def test_another_compiler_does_it_again(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ran()
    monkeypatch.setattr(cache, "_fingerprint", lambda: "another")
    assert ran()


def test_what_has_findings_is_done_again(workplace: Path, ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    (workplace / "contracts/a.idl").write_text(IDL + "\n/// Of nothing.\n")
    for _ in range(2):
        assert ran()
        assert "L0101" in capsys.readouterr().err


def test_a_cache_that_cannot_be_is_none(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.DIRECTORY, "contracts/a.idl/x")
    assert ran()
    assert ran()


def test_only_so_many_records_are_kept(ran: Ran, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 2)
    for number in range(4):
        assert main(["compile", "contracts", "--include", "common", "--out", f"out{number}"]) == 0
    assert len(list((workplace / "cache").glob("*.json"))) == 2
    assert [path for path in (workplace / "cache").iterdir() if path.suffix != ".json"] == []


def test_the_place_of_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cache.DIRECTORY, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.default_folder() == Path("/somewhere/svcgen")
    monkeypatch.setenv(cache.DIRECTORY, "/named")
    assert cache.default_folder() == Path("/named")
