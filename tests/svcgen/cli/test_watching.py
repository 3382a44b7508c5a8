"""`svcgen compile --watch`: a real process, driven by changing files and waiting for what it says."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from svcgen.cli import main
from svcgen.cli.watching import Read, is_stale
from svcgen.pipeline import check_files

SECONDS = 60
WATCHING = "Ctrl-C ends it"


class Watcher:
    """`svcgen compile --watch` in a folder."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "svcgen", "compile", "--watch", *arguments],
            cwd=folder,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        assert self.process.stderr is not None
        self.stream = self.process.stderr
        self.said = ""

    def run(self) -> str:
        """Return what it says about the next run, up to and with the line of its end."""
        deadline = time.monotonic() + SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self.stream, selectors.EVENT_READ)
            while f"{WATCHING}\n" not in self.said:
                assert selector.select(max(0.0, deadline - time.monotonic())), self.said
                piece = os.read(self.stream.fileno(), 65536)
                assert piece, f"it has ended: {self.said}"
                self.said += piece.decode()
        told, end, self.said = self.said.partition(f"{WATCHING}\n")
        return told + end

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit code and what else was said."""
        self.process.send_signal(number)
        rest = self.process.communicate(timeout=SECONDS)[1]
        return self.process.returncode, self.said + rest.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "common").mkdir()
    (tmp_path / "contracts/a.idl").write_text('package a.v1\nimport "b.idl" as b\nstruct T { x: b.T }\n')
    (tmp_path / "common/b.idl").write_text("package b.v1\nstruct T { x: int }\n")
    return tmp_path


@pytest.fixture
def watcher(folder: Path) -> Iterator[Watcher]:
    watcher = Watcher(folder, "contracts", "--include", "common")
    try:
        yield watcher
    finally:
        if watcher.process.poll() is None:
            watcher.process.kill()
            watcher.process.communicate()
        watcher.stream.close()


def save(path: Path, text: str) -> None:
    """Save as editors do: a new file takes the place of the old one, so that nobody reads half of it."""
    beside = path.with_suffix(".swp")
    beside.write_text(text)
    os.replace(beside, path)


def test_what_changes_is_compiled_again_until_the_end(folder: Path, watcher: Watcher) -> None:
    first = watcher.run()
    assert "6 files written" in first
    assert "] up to date, watching 2 files;" in first
    # A mistake ends nothing, and is told; the next change mends it.
    save(folder / "contracts/a.idl", "package a.v1\nstruct T { x: strr }\n")
    wrong = watcher.run()
    assert "error[E0201]" in wrong
    assert "] nothing written, watching 1 file;" in wrong
    save(folder / "contracts/a.idl", 'package a.v1\nimport "b.idl" as b\nstruct T { y: b.T }\n')
    assert "] up to date, watching 2 files;" in watcher.run()
    assert "y: " in (folder / "a/v1/types.py").read_text()
    # Imported, from a folder of --include.
    save(folder / "common/b.idl", "package b.v1\nstruct T { z: str }\n")
    watcher.run()
    assert "z: str" in (folder / "b/v1/types.py").read_text()
    # New, in a new folder.
    (folder / "contracts/more").mkdir()
    save(folder / "contracts/more/c.idl", "package c.v1\nstruct T { x: int }\n")
    assert "watching 3 files;" in watcher.run()
    assert (folder / "c/v1/types.py").exists()
    # Found before the one that was imported so far.
    save(folder / "contracts/b.idl", "package b.v1\nstruct T { nearer: str }\n")
    watcher.run()
    assert "nearer: str" in (folder / "b/v1/types.py").read_text()
    code, rest = watcher.end(signal.SIGINT)
    assert (code, rest.strip()) == (130, "interrupted")


def test_what_was_missing_is_waited_for(folder: Path) -> None:
    watcher = Watcher(folder, "later/new.idl", "--out", "later")
    try:
        assert "cannot read `later/new.idl`: no such file" in watcher.run()
        (folder / "later").mkdir()
        save(folder / "later/new.idl", 'package a.v1\nimport "x.idl" as x\nstruct T { x: x.T }\n')
        assert "cannot import `x.idl`" in watcher.run()
        save(folder / "later/x.idl", "package x.v1\nstruct T { x: int }\n")
        assert "] up to date, watching 2 files;" in watcher.run()
        # Its own output beside the contracts is no change: SIGTERM finds nothing else said.
        assert watcher.end(signal.SIGTERM) == (0, "")
    finally:
        if watcher.process.poll() is None:
            watcher.process.kill()
            watcher.process.communicate()
        watcher.stream.close()


def test_what_a_run_cannot_write_is_told_and_waited_for(folder: Path) -> None:
    (folder / "out").write_text("a file, where a folder should be")
    watcher = Watcher(folder, "common", "--out", "out")
    try:
        told = watcher.run()
        assert told.startswith("Error: ")
        assert "] nothing written, watching 1 file;" in told
        (folder / "out").unlink()
        save(folder / "common/b.idl", "package b.v1\nstruct T { z: str }\n")
        assert "] up to date, watching 1 file;" in watcher.run()
    finally:
        watcher.process.kill()
        watcher.process.communicate()


def test_only_what_a_run_would_find_is_a_change(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    given = [Path("contracts")]
    checked = check_files(given, include=["common"])
    read = Read(sources=checked.sources, absent=checked.absent, is_written=True)
    assert not is_stale(given, read)
    (folder / "contracts/a.idl").write_bytes((folder / "contracts/a.idl").read_bytes())
    (folder / "contracts/a.py").write_text("")
    (folder / "contracts/dangling.idl").symlink_to("nowhere")
    assert not is_stale(given, read)
    (folder / "common/b.idl").unlink()
    assert is_stale(given, read)


def test_without_watchfiles_one_sentence_says_how_to_get_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    assert main(["compile", "common", "--watch"]) == 2
    assert capsys.readouterr().err == "Error: --watch needs watchfiles; install it with `pip install 'svcgen[watch]'`\n"
    assert not (folder / "b").exists()


def test_watching_and_checking_exclude_each_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", str(folder / "common"), "--watch", "--check"]) == 2
    assert "--watch writes and --check does not: give one of them" in capsys.readouterr().err
