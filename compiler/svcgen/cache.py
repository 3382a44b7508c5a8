"""What a run without findings has read and written, so that the next one need not read it again to know that.

A record is one JSON file, named after all that the run was told. It holds if every file that was read still has its
content, none has come where an import was looked for, no folder has other contracts in it, and every file that was
written is as it was written. Nothing of what was parsed or generated is kept: a record can only save work.
"""

import codecs
import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIRECTORY = "SVCGEN_CACHE_DIR"
"""Environment variable with the folder of the records."""
MOST = 200
"""Records that are kept."""

_PACKAGES = ("svcgen", "svcidl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run is told; paths as the user wrote them.

    Attributes:
        out: the output folder.
        targets: folder by target, None for `out`.
    """

    files: tuple[Path, ...]
    out: Path
    include: tuple[Path, ...]
    targets: Mapping[str, Path | None]

    def key(self) -> str:
        """Return what the record of such a run is called; other versions of svcgen have others."""
        told = {
            "cwd": os.getcwd(),
            "files": [str(path) for path in self.files],
            "out": str(self.out),
            "include": [str(path) for path in self.include],
            "targets": {name: None if folder is None else str(folder) for name, folder in self.targets.items()},
            "svcgen": _fingerprint(),
            "python": sys.version,
        }
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


class Cache:
    """The records of a folder. A folder that cannot be read or written is no cache, and no mistake of the user's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unchanged(self, asked: Asked) -> tuple[str, ...] | None:
        """Return the files that the run would leave as they are, as it would list them; None if it has to run."""
        try:
            record = json.loads((self._folder / f"{asked.key()}.json").read_bytes())
            return tuple(record["shown"]) if _holds(record) else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # Missing, damaged, or of another make: the run tells the truth.
            return None

    def keep(
        self,
        asked: Asked,
        *,
        read: Mapping[str, str],
        absent: Sequence[str],
        written: Sequence[Path],
        shown: Sequence[str],
    ) -> None:
        """Keep the record of a run that has no findings and has written everything.

        What was read is known by the run's own texts: a contract may have changed since.

        Args:
            asked: what it was told.
            read: the contracts, text by path.
            absent: where imports were looked for in vain.
            written: every output.
            shown: the same, as the run lists them.
        """
        folders = {str(path.absolute()): _contracts(path) for path in asked.files if path.is_dir()}
        known = {os.path.realpath(path) for path in read}
        if any(
            os.path.realpath(Path(folder, name)) not in known for folder, names in folders.items() for name in names
        ):
            # It has come since.
            return
        record = {
            "read": {str(Path(path).absolute()): _text_digest(text.encode()) for path, text in read.items()},
            "absent": [str(Path(path).absolute()) for path in absent],
            "contracts": folders,
            "written": {str(path.absolute()): _digest(path) for path in written},
            "beside": {str(folder.absolute()): _names(folder) for folder in {path.parent for path in written}},
            "shown": list(shown),
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False, encoding="utf-8") as file:
                json.dump(record, file)
            os.replace(file.name, self._folder / f"{asked.key()}.json")
            self._forget()
        except OSError:
            # No room, or no permission: the next run does all of it again.
            return

    def _forget(self) -> None:
        records = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in records[:-MOST]:
            path.unlink(missing_ok=True)


def default_folder() -> Path:
    """Return where records are kept: `SVCGEN_CACHE_DIR`, or the place that the system has for such files."""
    named = os.environ.get(DIRECTORY)
    if named:
        return Path(named)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "svcgen" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "svcgen"


def _holds(record: Mapping[str, Any]) -> bool:
    return (
        not any(os.path.lexists(path) for path in record["absent"])
        and all(_contracts(Path(folder)) == names for folder, names in record["contracts"].items())
        and all(_names(Path(folder)) == names for folder, names in record["beside"].items())
        and all(_text_digest(Path(path).read_bytes()) == digest for path, digest in record["read"].items())
        and all(_digest(path) == digest for path, digest in record["written"].items())
    )


def _digest(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _text_digest(data: bytes) -> str:
    """Return the checksum of a contract, whose text has no byte order mark."""
    return hashlib.sha256(data.removeprefix(codecs.BOM_UTF8)).hexdigest()


def _contracts(folder: Path) -> list[str]:
    """Return the contracts under a folder."""
    found = [Path(place, name) for place, _, names in os.walk(folder) for name in names if name.endswith(".idl")]
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _names(folder: Path) -> list[str]:
    """Return what else could be stale, or in the way, where files were written."""
    return sorted(name for name in os.listdir(folder) if name != "__pycache__")


def _fingerprint() -> str:
    """Return what changes with the code of the compiler: a version alone would not, while one works on it."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        # Found, not imported.
        spec = importlib.util.find_spec(package)
        assert spec is not None
        for place, folders, names in os.walk(Path(spec.origin or "").parent):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".py", ".lark", ".tables")):
                    found = os.stat(os.path.join(place, name))
                    digest.update(f"{place}/{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
