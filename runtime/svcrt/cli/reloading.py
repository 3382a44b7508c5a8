"""`--reload`: tells of files of the project that have changed."""

import logging
import os
import threading
from collections.abc import Collection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

from svcrt.errors import StartError

_SUFFIXES = frozenset({".py", ".toml", ".idl"})
_FOREIGN = frozenset({"__pycache__", "node_modules", "site-packages"})
_QUIET_MS = 100
"""Changes that follow each other faster are one: `svcgen compile` writes several files."""
_LOOK_MS = 500

log = logging.getLogger("svcrt.run")


class Watch:
    """Watches a folder while entered. `fileno` becomes readable when something changed; `changes` says what.

    Raises:
        StartError: from entering, when watchfiles is not installed.
    """

    def __init__(self, folder: Path) -> None:
        """Args: folder: what to watch, with all below it but hidden folders and installed packages."""
        self._folder = folder
        self._found: SimpleQueue[Collection[Path]] = SimpleQueue()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        """Begin; a line in the log tells when the folder is watched."""
        try:
            import watchfiles  # noqa: F401 # only here: who does not reload needs none
        except ModuleNotFoundError as error:
            raise StartError("--reload needs watchfiles; install it with `pip install 'svcgen[reload]'`") from error
        self._read, self._write = os.pipe()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._over.set()
        self._thread.join()
        os.close(self._read)
        os.close(self._write)

    def fileno(self) -> int:
        """The file descriptor to wait for."""
        return self._read

    def changes(self) -> list[Path]:
        """Return what has changed since the last call, relative to the folder, in order."""
        os.read(self._read, 4096)
        found: set[Path] = set()
        try:
            while True:
                found.update(self._found.get_nowait())
        except Empty:
            return sorted(found)

    def _watch(self) -> None:
        import watchfiles

        is_watched = False
        try:
            for changes in watchfiles.watch(
                self._folder,
                watch_filter=lambda _change, path: self._is_ours(path),
                step=_QUIET_MS,
                rust_timeout=_LOOK_MS,
                yield_on_timeout=True,
                stop_event=self._over,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                if not is_watched:
                    is_watched = True
                    log.info("watching %s for changes", self._folder)
                if changes:
                    self._found.put([Path(path).relative_to(self._folder) for _, path in changes])
                    os.write(self._write, b"!")
        except OSError as error:
            log.error("%s cannot be watched, so nothing is reloaded: %s", self._folder, error)

    def _is_ours(self, path: str) -> bool:
        relative = Path(path).relative_to(self._folder)
        is_foreign = any(part.startswith(".") or part in _FOREIGN for part in relative.parts)
        return relative.suffix in _SUFFIXES and not is_foreign
