"""The `.idl` files of a revision, read from git's objects: neither the work tree nor the index is touched."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_LINK = "120000"
_MAX_LINKS = 8
_OF_HOOKS = frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"))


class GitError(Exception):
    """Git cannot give what is asked for; the message says why in one line, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A work tree of git; `root` is its resolved folder."""

    root: str

    @classmethod
    def around(cls, path: str) -> "Repository":
        """Return the repository in whose work tree a file or folder lies.

        Raises:
            GitError: it lies in none, or git is not installed.
        """
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        try:
            answer = _git(folder or ".", "rev-parse", "--show-toplevel")
        except GitError as error:
            text = f"`{folder or '.'}` is in no git repository" if "not a git repository" in str(error) else str(error)
            raise GitError(text) from error
        return cls(root=os.path.realpath(os.fsdecode(answer).rstrip("\n")))

    def tree(self, revision: str) -> str:
        """Return the object name of a revision's tree.

        Raises:
            GitError: there is no such revision.
        """
        # What begins with a hyphen is an option to git, and no revision can.
        if revision and not revision.startswith("-"):
            try:
                answer = _git(self.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{tree}}")
                return os.fsdecode(answer).strip()
            except GitError:
                pass
        hint = "check-outs in CI are often shallow: fetch it first, as with `git fetch --depth=1 origin main`"
        raise GitError(f"git knows no revision `{revision}`; {hint}")

    def files(self, tree: str) -> Mapping[str, bytes]:
        """Return the text of every `.idl` file of a tree, by its path from the root."""
        listed: dict[str, tuple[str, str]] = {}
        for entry in _git(self.root, "ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0"):
            head, _, name = entry.partition(b"\t")
            path = os.fsdecode(name)
            if path.endswith(".idl") and ".." not in PurePosixPath(path).parts:
                mode, _, oid = head.decode("ascii").split(" ")
                listed[path] = (mode, oid)
        contents = self._read({oid for _, oid in listed.values()})
        found: dict[str, bytes] = {}
        for path in listed:
            target = _followed(path, listed, contents)
            if target is not None:
                found[path] = contents[listed[target][1]]
        return found

    def _read(self, oids: Iterable[str]) -> dict[str, bytes]:
        names = sorted(oids)
        data = _git(self.root, "cat-file", "--batch", given="".join(f"{oid}\n" for oid in names).encode("ascii"))
        found: dict[str, bytes] = {}
        position = 0
        for oid in names:
            end = data.index(b"\n", position)
            head = data[position:end].split(b" ")
            if len(head) != 3:
                # `<oid> missing`: an incomplete clone.
                raise GitError(f"git lacks the object {oid}; fetch it first")
            size = int(head[2])
            found[oid] = data[end + 1 : end + 1 + size]
            position = end + size + 2
        return found

    def work_files(self) -> list[str]:
        """Return the paths of the work tree's `.idl` files from the root, but for what git ignores."""
        answer = _git(self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.idl")
        paths = {os.fsdecode(name) for name in answer.split(b"\0") if name}
        return sorted(path for path in paths if os.path.isfile(os.path.join(self.root, path)))


def _followed(path: str, listed: Mapping[str, tuple[str, str]], contents: Mapping[str, bytes]) -> str | None:
    """Return the file that a path leads to over symbolic links inside of the tree, None if out of it."""
    for _ in range(_MAX_LINKS):
        if path not in listed:
            return None
        mode, oid = listed[path]
        if mode != _LINK:
            return path
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.fsdecode(contents[oid])))
    return None


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files under `folder`, by their paths from it."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _git(folder: str, *arguments: str, given: bytes = b"") -> bytes:
    """Run git and return its output.

    Raises:
        GitError: it is not installed, or it ends in an error, whose first line is told.
    """
    # In a hook git sets variables that would lead away from the folder.
    environment = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        ended = subprocess.run(
            ["git", "-C", folder, *arguments], input=given, capture_output=True, env=environment, check=False
        )
    except OSError as error:
        raise GitError(
            f"git cannot be run: {error.strerror}; a folder or an `ir.json` can be the baseline, too"
        ) from error
    if ended.returncode != 0:
        told = os.fsdecode(ended.stderr).strip().splitlines()
        raise GitError(told[0].removeprefix("fatal: ") if told else f"git {arguments[0]} failed")
    return ended.stdout
