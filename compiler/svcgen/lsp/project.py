"""What the editor has open and what lies on disk, analysed in groups of files that import one another."""

import os
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from svcidl.diagnostics import Diagnostic
from svcidl.index import Index, build_index
from svcidl.lint import DEFAULT, LintConfig, lint
from svcidl.nearby import Nearby
from svcidl.pipeline import Checked, check
from svcidl.resolve.program import Program, Unit
from svcidl.source import SourceFile

_IMPORT = re.compile(r'^[ \t]*import[ \t]+"([^"\\\r\n]+)"', re.MULTILINE)
_SKIPPED = frozenset(("node_modules", "__pycache__", "venv"))
_MOST_FILES = 10_000
_KEPT = 16
"""As many analyses are kept: of the groups that an editor's open files belong to."""

Stamp = tuple[int, int]


def key_of(path: str) -> str:
    """Return what a file is known by: two paths to one file are one file."""
    return os.path.realpath(path)


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """What is known of one group of files.

    Attributes:
        paths: by key, the path that spans name.
        diagnostics: mistakes, or without any what the linter finds.
    """

    checked: Checked
    program: Program
    paths: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    include: tuple[str, ...]

    @cached_property
    def index(self) -> Index:
        """All names of the group."""
        return build_index(self.program)

    @cached_property
    def nearby(self) -> Nearby:
        """What lies around the files of the group."""
        return Nearby(self.paths.values(), self.include)

    @cached_property
    def units(self) -> dict[str, Unit]:
        """The files that could be parsed, by key."""
        return {unit.file.source.key: unit for unit in self.program.units}

    def source(self, path: str) -> SourceFile | None:
        """Return the text of a file, None if it could not be read."""
        return self.checked.sources.get(path)


class Project:
    """The files of the workspace folders and those that are open, whose unsaved text counts."""

    def __init__(self, *, include: Iterable[str] = ()) -> None:
        self.include = tuple(include)
        self.lint_config: LintConfig = DEFAULT
        self._texts: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._changes = 0
        self._paths: dict[str, str] = {}
        self._folders: list[str] = []
        self._imports: dict[str, tuple[Stamp, tuple[str, ...]]] = {}
        self._analyses: OrderedDict[object, Analysis] = OrderedDict()
        self._last_units: dict[str, tuple[Analysis, Unit]] = {}

    # --- what there is -----------------------------------------------------------

    def open(self, path: str, text: str) -> None:
        """Let `text` count in place of what the file holds, which need not exist."""
        key = key_of(path)
        self._changes += 1
        self._texts[key] = text
        self._versions[key] = self._changes
        self._paths[key] = path

    def close(self, path: str) -> None:
        """Let the file on disk count again."""
        key = key_of(path)
        self._texts.pop(key, None)
        self._versions.pop(key, None)

    def set_folders(self, folders: Iterable[str]) -> None:
        """Look for files in these folders; to be called again when files came or went."""
        self._folders = list(folders)
        self._paths = {key: path for key, path in self._paths.items() if key in self._texts}
        for folder in self._folders:
            for path in _idl_files(folder):
                if len(self._paths) >= _MOST_FILES:
                    return
                self._paths.setdefault(key_of(path), path)

    def rescan(self) -> None:
        """Look for files again."""
        self.set_folders(self._folders)

    def forget(self) -> None:
        """Analyse everything anew: a setting changed."""
        self._analyses.clear()

    @property
    def paths(self) -> Mapping[str, str]:
        """The path of every known file by its key."""
        return self._paths

    # --- groups --------------------------------------------------------------------

    def group(self, path: str) -> list[str]:
        """Return the keys of all files that are bound to this one by imports, in either direction, sorted by path."""
        start = key_of(path)
        self._paths.setdefault(start, path)
        joined: dict[str, set[str]] = {}
        queue = list(self._paths)
        for key in queue:
            for target in self._targets(key):
                if target not in self._paths:
                    continue
                joined.setdefault(key, set()).add(target)
                joined.setdefault(target, set()).add(key)
        found, left = {start}, [start]
        while left:
            for other in joined.get(left.pop(), ()):
                if other not in found:
                    found.add(other)
                    left.append(other)
        return sorted(found, key=lambda key: (self._paths[key], key))

    def groups(self) -> Iterator[str]:
        """Yield the path of one file of each group."""
        seen: set[str] = set()
        for key, path in list(self._paths.items()):
            if key not in seen:
                seen.update(self.group(path))
                yield path

    def _targets(self, key: str) -> tuple[str, ...]:
        stamp = self._stamp(key)
        if stamp is None:
            return ()
        known = self._imports.get(key)
        if known is None or known[0] != stamp:
            known = (stamp, tuple(_IMPORT.findall(self._read(key))))
            self._imports[key] = known
        return tuple(target for written in known[1] if (target := self._find(key, written)) is not None)

    def _find(self, importer: str, written: str) -> str | None:
        for folder in (os.path.dirname(self._paths.get(importer, importer)), *self.include):
            path = os.path.normpath(os.path.join(folder, written))
            key = key_of(path)
            if key in self._paths and self._stamp(key) is not None:
                return key
        return None

    def _stamp(self, key: str) -> Stamp | None:
        """Return what changes when the text of a file does, None if there is no such file."""
        if key in self._versions:
            return (-1, self._versions[key])
        try:
            status = os.stat(key)
        except OSError:
            return None
        return (status.st_mtime_ns, status.st_size)

    def _read(self, key: str) -> str:
        if key in self._texts:
            return self._texts[key]
        try:
            return Path(key).read_text(encoding="utf-8", errors="replace")
        except OSError:
            # The check that follows says why.
            return ""

    # --- analyses --------------------------------------------------------------------

    def analyse(self, path: str) -> Analysis:
        """Return what is known of the file and of all that it is bound to; the same again while no text changed."""
        keys = self.group(path)
        stamps = tuple((key, self._stamp(key)) for key in keys)
        known = self._analyses.get(stamps)
        if known is None:
            known = self._analyse({key: self._paths[key] for key in keys})
            self._analyses[stamps] = known
            while len(self._analyses) > _KEPT:
                self._analyses.popitem(last=False)
            for key, unit in known.units.items():
                self._last_units[key] = (known, unit)
        self._analyses.move_to_end(stamps)
        return known

    def last_unit(self, path: str) -> tuple[Analysis, Unit] | None:
        """Return what a file said when it was last analysed and could be parsed: some keystrokes ago, at once."""
        key = key_of(path)
        if key not in self._last_units:
            self.analyse(path)
        return self._last_units.get(key)

    def text(self, path: str) -> SourceFile | None:
        """Return the text of an open file, None if it is not open."""
        key = key_of(path)
        return SourceFile(self._paths[key], key, self._texts[key]) if key in self._texts else None

    def check(self, paths: Mapping[str, str], texts: Mapping[str, str]) -> Checked:
        """Check files, by key, with these texts over those that are open."""
        every = {**self._texts, **texts}
        return check(paths.values(), include=self.include, texts=every, keep_program=True)

    def _analyse(self, paths: Mapping[str, str]) -> Analysis:
        checked = self.check(paths, {})
        if checked.program is None:
            raise RuntimeError("the program was not kept")
        return Analysis(
            checked=checked,
            program=checked.program,
            paths=paths,
            diagnostics=checked.diagnostics if checked.model is None else lint(checked, self.lint_config),
            include=self.include,
        )


def _idl_files(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".idl"):
                yield os.path.join(place, name)
