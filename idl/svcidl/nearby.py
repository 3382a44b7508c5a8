"""Finds what files declare that a run does not read: beside its files and in the folders of `--include`.

Only asked when a name is unknown, to name the file to import; it looks at text and parses nothing.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_DECLARATION = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^()\n]*\))?[ \t]+)*(?:closed[ \t]+)?"
    r"(alias|enum|struct|union|error|event|service)[ \t]+([A-Za-z_]\w*)",
    re.MULTILINE | re.ASCII,
)
_MOST_FILES = 200
_MOST_BYTES = 1_000_000
"""A file longer than this is looked at in part: the answer is a hint, and must not take long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declaration of a file that the run did not read; `kind` is its keyword."""

    name: str
    kind: str
    path: str
    line: int
    column: int


class Nearby:
    """What lies around the files of one run; reads when first asked."""

    def __init__(self, paths: Iterable[str], include: Iterable[str]) -> None:
        """Look into the folders of `paths`, which are themselves known, and into those of `include`."""
        self._known = {os.path.realpath(path) for path in paths}
        self._folders = list(dict.fromkeys([*(os.path.dirname(path) for path in paths), *include]))

    @cached_property
    def declared(self) -> dict[str, list[Declared]]:
        """Every declaration by its name."""
        found: dict[str, list[Declared]] = {}
        for path in self._files():
            for each in _declarations(path):
                found.setdefault(each.name, []).append(each)
        return found

    def file_called(self, name: str) -> str | None:
        """Return the path of the file `name.idl` in one of the folders, None if there is none."""
        paths = (os.path.normpath(os.path.join(folder, f"{name}.idl")) for folder in self._folders)
        return next((path for path in paths if os.path.isfile(path)), None)

    def _files(self) -> Iterator[str]:
        seen = set(self._known)
        left = _MOST_FILES
        for folder in self._folders:
            for name in _idl_files(folder):
                path = os.path.normpath(os.path.join(folder, name))
                key = os.path.realpath(path)
                if key not in seen and left > 0:
                    seen.add(key)
                    left -= 1
                    yield path


def _idl_files(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder or ".") if name.endswith(".idl"))
    except (OSError, ValueError):
        # Not readable, or no path at all: then there is nothing to suggest from it.
        return []


def idl_files_beside(path: str) -> list[str]:
    """Return the names of the IDL files in the folder of `path`, sorted; none where it cannot be read."""
    return _idl_files(os.path.dirname(path))


def _declarations(path: str) -> Iterator[Declared]:
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8-sig", errors="replace")
    except (OSError, ValueError):
        return
    for found in _DECLARATION.finditer(text):
        line = text.count("\n", 0, found.start(2)) + 1
        column = found.start(2) - text.rfind("\n", 0, found.start(2))
        yield Declared(name=found[2], kind=found[1], path=path, line=line, column=column)
