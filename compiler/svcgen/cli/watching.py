"""`compile --watch`: runs again when a run would find something else in what it reads."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from svcidl.loader import decode, idl_files, why_unreadable
from svcidl.source import SourceFile

_QUIET_MS = 50
"""Changes that follow each other faster are one: an editor writes a new file and moves it over the old one."""
_LOOK_MS = 500


class WatchError(Exception):
    """Nothing can be watched; the text is one sentence for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a run has read, and where it looked in vain (see `svcidl.pipeline.Checked`).

    Attributes:
        is_written: whether the output is that of these sources.
    """

    sources: Mapping[str, SourceFile]
    absent: tuple[str, ...]
    is_written: bool


def watch(files: Sequence[Path], run: Callable[[], Read]) -> int:
    """Run, and again whenever that would find something else; SIGTERM ends it with 0.

    Args:
        files: files and folders, as given to the run.
        run: does all of it, tells the user, and returns what it has read.

    Raises:
        WatchError: watchfiles is missing, or the system lets nothing be watched.
        KeyboardInterrupt: Ctrl-C.
    """
    try:
        import watchfiles  # noqa: F401 # before the first run: who waits for it would think that it works
    except ModuleNotFoundError as error:
        raise WatchError("--watch needs watchfiles; install it with `pip install 'svcgen[watch]'`") from error
    over = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: over.set())
    try:
        while not over.is_set():
            read = run()
            click.echo(_status(read), err=True)
            _wait(files, read, over)
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _status(read: Read) -> str:
    count = len(read.sources)
    done = "up to date" if read.is_written else "nothing written"
    return f"[{datetime.now():%H:%M:%S}] {done}, watching {count} file{'' if count == 1 else 's'}; Ctrl-C ends it"


def is_stale(files: Iterable[Path], read: Read) -> bool:
    """Tell whether a run would find something else.

    What it would not be able to read is nothing new, so a run is never repeated for the same reason.
    """
    if any(_text(source) != source.text for source in read.sources.values()):
        return True
    known = {source.key for source in read.sources.values()}
    listed = [path for given in files for path in idl_files(str(given), lambda _path, _problem: None)]
    missed = [path for path in listed if os.path.realpath(path) not in known]
    return any(why_unreadable(path) is None for path in (*read.absent, *missed))


def _text(source: SourceFile) -> str | None:
    try:
        return decode(source.path, source.key, Path(source.path).read_bytes())[0].text
    except OSError:
        # Removed, or not ours to read any more: that is a change.
        return None


def _wait(files: Sequence[Path], read: Read, over: threading.Event) -> None:
    """Return when a run would find something else, or when it is over."""
    import watchfiles

    while not over.is_set():
        folders = _folders(files, read)
        changes = watchfiles.watch(
            *folders,
            watch_filter=None,
            step=_QUIET_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            stop_event=over,
            recursive=False,
        )
        try:
            with contextlib.closing(changes):
                for number, changed in enumerate(changes):
                    # The first time in any case: something may have changed before all folders were watched.
                    if (changed or number == 0) and is_stale(files, read):
                        return
                    if changed and _folders(files, read) != folders:
                        break
        except FileNotFoundError:
            # A folder went before it was watched; the one above it will tell if it comes back.
            continue
        except (OSError, RuntimeError) as error:
            raise WatchError(f"the files cannot be watched: {error}") from error


def _folders(files: Sequence[Path], read: Read) -> dict[str, int]:
    """Return every folder in which a change may matter, with what tells it from a later one of the same name."""
    found = {os.path.dirname(os.path.abspath(path)) for path in (*read.sources, *read.absent, *map(str, files))}
    # An editor replaces the file, not the link to it.
    found |= {os.path.dirname(source.key) for source in read.sources.values()}
    found |= {os.path.abspath(place) for given in files for place, _, _ in os.walk(given)}
    inodes: dict[str, int] = {}
    for folder in found:
        place = _existing(folder)
        with contextlib.suppress(FileNotFoundError):
            inodes[place] = os.stat(place).st_ino
    return inodes


def _existing(folder: str) -> str:
    """Return the folder, or the closest one above it that is there."""
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder
