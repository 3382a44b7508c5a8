"""Writes the files of a run: all or none, unchanged ones untouched, and never over a file that a person wrote."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from svcgen.marks import is_ours

MARKER = "py.typed"
"""Tells type checkers that a package has types; it is empty, so it cannot carry our header."""


class WriteError(Exception):
    """The files cannot be written. The message is one sentence for a person; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What writing means for the output folder; posix paths relative to it, sorted.

    Attributes:
        written: new, or with another text than before.
        unchanged: already as they should be.
        removed: written by an earlier run and no longer part of their package.
    """

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def is_fresh(self) -> bool:
        """Whether nothing differs."""
        return not self.written and not self.removed


def merged(found: Mapping[Path, Changes], out: Path) -> Changes:
    """Return the changes of several folders as one; paths in others than `out` begin with their folder."""

    def placed(folder: Path, paths: tuple[str, ...]) -> list[str]:
        return [path if folder == out else (folder / path).as_posix() for path in paths]

    return Changes(
        written=tuple(sorted(path for folder, each in found.items() for path in placed(folder, each.written))),
        unchanged=tuple(sorted(path for folder, each in found.items() for path in placed(folder, each.unchanged))),
        removed=tuple(sorted(path for folder, each in found.items() for path in placed(folder, each.removed))),
    )


def compare(files: Mapping[str, str], out: Path) -> Changes:
    """Tell what writing `files` would change, without changing anything.

    Args:
        files: text by posix path relative to `out`.
        out: the output folder, which need not exist.

    Raises:
        WriteError: a file that svcgen did not generate stands where one has to be written, or cannot be read.
    """
    try:
        different = {path for path, text in files.items() if _differs(out, path, text)}
        removed = sorted(_stale(files, out))
    except OSError as error:
        raise _sentence(error, "read") from error
    return Changes(
        written=tuple(sorted(different)),
        unchanged=tuple(sorted(set(files) - different)),
        removed=tuple(removed),
    )


def write(files: Mapping[str, str], out: Path) -> Changes:
    """Write what differs and remove what is stale; returns what `compare` found.

    Raises:
        WriteError: as `compare`, or the file system refuses; everything is then as it was.
    """
    changes = compare(files, out)
    if changes.is_fresh:
        return changes
    try:
        _apply(files, changes, out)
    except OSError as error:
        raise _sentence(error, "write") from error
    return changes


def _apply(files: Mapping[str, str], changes: Changes, out: Path) -> None:
    made = _make_folders([out, *((out / path).parent for path in changes.written)])
    try:
        # Inside `out`: moving a staged file into place is then one atomic step of one file system.
        with tempfile.TemporaryDirectory(prefix=".svcgen-", dir=out) as staging:
            _Replacement(Path(staging), out).run(files, changes)
    except BaseException:
        for folder in reversed(made):
            folder.rmdir()
        raise


class _Replacement:
    """Replaces files so that it can be taken back: whatever needs space on the disk happens before the first move."""

    def __init__(self, staging: Path, out: Path) -> None:
        self._staging = staging
        self._out = out
        self._done: list[str] = []

    def run(self, files: Mapping[str, str], changes: Changes) -> None:
        touched = [*changes.written, *changes.removed]
        new, old = self._numbered("new", touched), self._numbered("old", touched)
        for path in touched:
            if (self._out / path).exists():
                shutil.copy2(self._out / path, old[path])
        for path in changes.written:
            new[path].write_text(files[path], encoding="utf-8", newline="\n")
        try:
            for path in changes.written:
                os.replace(new[path], self._out / path)
                self._done.append(path)
            for path in changes.removed:
                (self._out / path).unlink()
                self._done.append(path)
        except BaseException:
            self._take_back(old)
            raise

    def _numbered(self, prefix: str, paths: list[str]) -> dict[str, Path]:
        return {path: self._staging / f"{prefix}-{number}" for number, path in enumerate(paths)}

    def _take_back(self, old: Mapping[str, Path]) -> None:
        for path in reversed(self._done):
            if old[path].exists():
                os.replace(old[path], self._out / path)
            else:
                (self._out / path).unlink()


def _make_folders(folders: Iterable[Path]) -> list[Path]:
    """Make the folders that are missing; return those made, outer ones first."""
    made: list[Path] = []
    for folder in folders:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        made += reversed(missing)
    return made


def _differs(out: Path, path: str, text: str) -> bool:
    target = out / path
    if target.suffix == ".py" and (target.with_suffix("") / "__init__.py").exists():
        raise WriteError(f"{target} cannot be written: Python would load the folder {target.with_suffix('')} instead")
    content = _content(target)
    if content is None:
        return True
    if target.name == MARKER:
        return False
    if content != text.encode() and not is_ours(target.name, content):
        raise WriteError(f"{target} was not generated by svcgen: move it away, or choose another folder with --out")
    return content != text.encode()


def _stale(files: Mapping[str, str], out: Path) -> Iterator[str]:
    """Yield generated modules in the folders of these packages that the packages no longer have."""
    for folder in {str(PurePosixPath(path).parent) for path in files}:
        for module in (out / folder).glob("*.py"):
            path = f"{folder}/{module.name}"
            if path not in files and is_ours(module.name, _content(module) or b""):
                yield path


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _sentence(error: OSError, verb: str) -> WriteError:
    return WriteError(f"cannot {verb} {error.filename or 'the output'}: {error.strerror or error}; nothing was changed")
