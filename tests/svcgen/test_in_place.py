import os
import stat
from pathlib import Path

import pytest

from svcgen.in_place import replace


def test_mode_bits_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.idl"
    path.write_bytes(b"old")
    path.chmod(0o640)
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_goes_on_to_point_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real/a.idl"
    real.write_bytes(b"old")
    link = tmp_path / "link.idl"
    link.symlink_to("real/a.idl")
    replace(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.idl"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_gone_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace(tmp_path / "a.idl", b"new")
    assert list(tmp_path.iterdir()) == []
