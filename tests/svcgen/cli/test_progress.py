"""The progress bar is for people who wait; nobody else sees anything of it."""

import io
import threading

import pytest

from svcgen.cli.progress import Progress, bar
from svcidl.stages import Stages


class Screen(io.StringIO):
    """A terminal that tells when something was written."""

    def __init__(self, *, is_terminal: bool = True) -> None:
        super().__init__()
        self._is_terminal = is_terminal
        self.changed = threading.Event()

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        written = super().write(text)
        self.changed.set()
        return written


@pytest.fixture(autouse=True)
def _able_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_a_long_run_shows_its_stage_and_leaves_nothing_behind() -> None:
    screen, stages = Screen(), Stages()
    with stages.stage("resolve"), Progress(stages, screen, after=0):
        assert screen.changed.wait(60)
    shown = screen.getvalue()
    assert f"{bar(45)} resolve" in shown
    assert shown.endswith("\r\x1b[2K")


def test_a_short_run_shows_nothing() -> None:
    screen = Screen()
    with Progress(Stages(), screen, after=3600):
        pass
    assert screen.getvalue() == ""


def test_nothing_is_shown_on_what_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    screen = Screen(is_terminal=False)
    with Progress(Stages(), screen, after=0):
        assert threading.active_count() == before
    monkeypatch.setenv("TERM", "dumb")
    with Progress(Stages(), Screen(), after=0):
        assert threading.active_count() == before


def test_a_terminal_that_has_gone_stops_no_run() -> None:
    class Gone(Screen):
        def write(self, text: str) -> int:
            self.changed.set()
            raise OSError("gone")

    screen = Gone()
    with Progress(Stages(), screen, after=0):
        assert screen.changed.wait(60)


def test_the_bar_is_as_full_as_it_says() -> None:
    assert bar(0) == "[------------------------]   0 %"
    assert bar(50) == "[############------------]  50 %"
    assert bar(100) == "[########################] 100 %"
