"""Readline at the prompt of `shell`: the tab key, and a history that outlives the session."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from svcrt.cli.completing import DELIMITERS, Completer

HISTORY_LENGTH = 2000
"""Lines kept."""


def history_file(environment: Mapping[str, str]) -> Path:
    """Return where the history is kept: in the user's state folder, as the XDG base directory specification has it."""
    named = Path(environment.get("XDG_STATE_HOME", ""))
    # A relative path counts as not set, says the specification.
    folder = named if named.is_absolute() else Path.home() / ".local" / "state"
    return folder / "svcgen" / "shell_history"


@contextmanager
def line_editing(names: dict[str, Any]) -> Iterator[None]:
    """Let the tab key complete `names`, and keep what is typed. Nothing happens where Python lacks readline."""
    try:
        import readline
    except ImportError:
        yield
        return
    completer = _Readline(readline, Completer(names))
    readline.set_completer_delims(DELIMITERS)
    readline.set_completer(completer.complete)
    # libedit, which macOS has in place of GNU readline, has its own syntax.
    is_libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
    # A history that cannot be read or kept, on a read-only home say, is no reason not to call a service.
    path = None
    with suppress(OSError, RuntimeError):
        path = history_file(os.environ)
        _read(readline, path)
    try:
        yield
    finally:
        if path is not None:
            with suppress(OSError):
                _write(readline, path)


def _read(readline: ModuleType, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Arguments may be confidential: the file is its owner's before anything is in it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    readline.read_history_file(path)


def _write(readline: ModuleType, path: Path) -> None:
    readline.set_history_length(HISTORY_LENGTH)
    readline.write_history_file(path)


class _Readline:
    """What readline calls: one match per call, until there is none."""

    def __init__(self, readline: ModuleType, completer: Completer) -> None:
        self._readline = readline
        self._completer = completer
        self._matches: list[str] = []

    def complete(self, word: str, state: int) -> str | None:
        """Return match number `state` for the word before the cursor."""
        if state == 0:
            before = self._readline.get_line_buffer()[: self._readline.get_begidx()]
            self._matches = self._completer.matches(before, word)
        return self._matches[state] if state < len(self._matches) else None
