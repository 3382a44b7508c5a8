"""A custom entrypoint: a method is called with each file that appears in a folder."""

import fcntl
import logging
import os
import time
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from svcrt import CustomEntrypoint, NotStarted, Outcome
from svcrt.errors import StartError
from svcrt.types import Container

log = logging.getLogger("intake.folder")


class TakesFile(Protocol):
    """A method that can be called with a file."""

    __name__: str

    def __call__(self, service: Any, /, *, path: Path) -> object: ...


class FolderWatcher(CustomEntrypoint):
    """Calls a method with each file in a folder, then moves the file to `done`, or after an exception to `failed`.

    - A file is taken when its size and time have not changed between two looks, so that one that is being written is
      left alone. Names that begin with a dot are ignored: write there, then rename.
    - Of several instances on one machine one works, by a lock on the folder; the kernel gives it to the next when that
      one ends, however it ends.
    - A file stays where it is until its method has ended. A stop in good order runs nothing twice and loses nothing;
      after a crash the files that were being worked on are taken again.

    Args:
        setting: the name under `[config]` that says which folder.
        calls: the method.
        every: seconds between two looks.
    """

    def __init__(self, setting: str, *, calls: TakesFile, every: float = 1.0) -> None:
        self._setting = setting
        self._method = calls
        self._every = every

    def setup(self, container: Container) -> None:
        # The constructor's object is shared by all containers: what changes is made here, in this container's copy.
        if self._setting not in container.config:
            raise StartError(f'say which folder to watch: `{self._setting} = "…"` under [config] in svcgen.toml')
        self._folder = Path(str(container.config[self._setting]))
        for each in ("done", "failed"):
            (self._folder / each).mkdir(parents=True, exist_ok=True)
        self._lock = (self._folder / ".lock").open("w")
        self._stopping = container.concurrency.flag()
        self._seen: dict[str, tuple[int, int]] = {}
        self._taken: set[str] = set()
        self._ended: deque[str] = deque()

    def start(self) -> None:
        self._task = self.container.concurrency.spawn(self._watch, name=f"watcher of {self._folder}")

    def stop(self) -> None:
        # From here on nothing new is taken. What has been taken ends in its worker; `_on_outcome` moves it.
        self._stopping.set()
        self._task.join()

    def kill(self) -> None:
        # No worker runs any more, so another instance may have the folder.
        self._stopping.set()
        self._lock.close()

    def _watch(self) -> None:
        while not self._stopping.wait(self._every):
            try:
                if self._is_ours():
                    self._look()
            except OSError as error:
                log.warning("cannot look into %s: %s", self._folder, error)

    def _is_ours(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _look(self) -> None:
        # Before the folder is read: a file moved after that is still in the list, and must not be taken again.
        while self._ended:
            self._taken.discard(self._ended.popleft())
        found: dict[str, tuple[int, int]] = {}
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.is_file() and not entry.name.startswith("."):
                    state = entry.stat()
                    found[entry.name] = (state.st_size, state.st_mtime_ns)
        for name in sorted(found):
            # No more than workers: the rest is better left in the folder, for others to see.
            if len(self._taken) >= self.container.max_workers:
                break
            if name not in self._taken and self._seen.get(name) == found[name]:
                self._taken.add(name)
                self.spawn(self._method, {"path": self._folder / name}, partial(self._on_outcome, name))
        self._seen = found

    def _on_outcome(self, name: str, outcome: Outcome) -> None:
        if isinstance(outcome.error, NotStarted):
            # We are stopping, and no worker had time for it: it waits in the folder for the next start.
            return
        try:
            self._put_away(name, outcome.error)
        except OSError:
            # It stays in `_taken`, so that it is not handled again and again.
            log.exception("%s was handled and cannot be moved away", self._folder / name)
        else:
            self._ended.append(name)

    def _put_away(self, name: str, error: BaseException | None) -> None:
        target = self._folder / ("done" if error is None else "failed") / name
        if target.exists():
            target = target.with_name(f"{target.stem}.{time.time_ns()}{target.suffix}")
        if error is not None:
            target.with_name(f"{target.name}.error").write_text(f"{type(error).__name__}: {error}\n", encoding="utf-8")
        (self._folder / name).rename(target)
