"""From paths to parsed files, following imports. The only module that reads files, but for hints (`nearby`)."""

import itertools
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from svcidl import nodes
from svcidl.diagnostics import Diagnostic, at_file
from svcidl.layout import check_layout
from svcidl.nearby import idl_files_beside
from svcidl.source import SourceFile, Span
from svcidl.suggest import closest

_BOM = b"\xef\xbb\xbf"
_DAMAGED = re.compile("[\udc80-\udcff]+")
_MAX_DAMAGE = 100
"""A file with more pieces that are not UTF-8 is no text; the rest is not told."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedFile:
    """One file of a run.

    Attributes:
        tree: None where nothing could be made of the text.
        lost: names that a syntax error swallowed; `*` for a declaration whose own name is missing.
        guessed: lines of what was mended: what is wrong there besides may be a consequence.
        requested: given by the user, not only imported.
        imports: the key (see `SourceFile.key`) of each import's file; an import that could not be read is absent.
    """

    source: SourceFile
    tree: nodes.File | None
    lost: frozenset[str]
    guessed: frozenset[int]
    requested: bool
    imports: Mapping[nodes.Import, str]

    def swallowed(self, name: str) -> bool:
        """Tell whether a syntax error may have swallowed `name`, so that it must not be called unknown."""
        return name in self.lost or "*" in self.lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a run read.

    Attributes:
        files: by key: the requested ones first in the order given, then the imported ones.
        include: the folders in which imports were looked up.
        absent: paths at which an import was looked for in vain; a file there would be read instead.
    """

    files: Mapping[str, LoadedFile]
    diagnostics: tuple[Diagnostic, ...]
    include: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def load(
    paths: Iterable[str | os.PathLike[str]],
    *,
    include: Sequence[str | os.PathLike[str]] = (),
    texts: Mapping[str, str] | None = None,
) -> Loaded:
    """Read and parse the files, the `.idl` files under the folders, and everything they import.

    Args:
        paths: files and folders, as the user wrote them.
        include: folders in which imports are looked up after the importing file's own.
        texts: by `SourceFile.key`, what to read in place of what a file holds; it need not exist.
    """
    return _Loader([os.fspath(folder) for folder in include], texts or {}).run([os.fspath(path) for path in paths])


class _Loader:
    def __init__(self, include: list[str], texts: Mapping[str, str]) -> None:
        self._include = include
        self._texts = texts
        self._diagnostics: list[Diagnostic] = []
        self._paths: dict[str, str] = {}
        """Key to the path that a user should see, in the order of the files."""
        self._absent: list[str] = []

    def run(self, paths: list[str]) -> Loaded:
        for path in paths:
            for found in self._expand(path):
                self._add(found)
        requested = set(self._paths)
        files: dict[str, LoadedFile] = {}
        queue = deque(self._paths)
        while queue:
            key = queue.popleft()
            path = self._paths[key]
            if (problem := self._why_unreadable(path)) is not None:
                self._report_path(path, problem)
                continue
            before = len(self._paths)
            files[key] = self._read(key, path, key in requested)
            queue.extend(list(self._paths)[before:])
        return Loaded(
            files=files,
            diagnostics=tuple(self._diagnostics),
            include=tuple(self._include),
            absent=tuple(self._absent),
        )

    def _add(self, path: str) -> str:
        # A path with a NUL names no file; it is reported where it is read.
        key = path if "\0" in path else os.path.realpath(path)
        self._paths.setdefault(key, path)
        return key

    def _report_path(self, path: str, problem: str) -> None:
        self._diagnostics.append(cannot_read(path, problem))

    def _why_unreadable(self, path: str) -> str | None:
        # An editor's text of a file that was never saved can be read.
        is_given = bool(self._texts) and "\0" not in path and os.path.realpath(path) in self._texts
        return None if is_given else why_unreadable(path)

    def _expand(self, path: str) -> list[str]:
        return idl_files(path, self._report_path)

    def _read(self, key: str, path: str, requested: bool) -> LoadedFile:
        # Imported here, so that a program that only needs the model never loads the parser's library.
        from svcidl.parser import parse

        text = self._texts.get(key)
        content = Path(path).read_bytes() if text is None else text.encode("utf-8", errors="surrogatepass")
        source, damage = decode(path, key, content)
        parsed = parse(source, damaged=bool(damage))
        self._diagnostics += [*damage, *parsed.diagnostics]
        imports: dict[nodes.Import, str] = {}
        if parsed.tree is not None:
            # Where tokens were left out or supplied, a separator that seems to miss is the syntax error told already.
            told = {diagnostic.span.line for diagnostic in parsed.diagnostics} | parsed.guessed
            layout = check_layout(parsed.tree, source)
            self._diagnostics += [diagnostic for diagnostic in layout if diagnostic.span.line not in told]
            for statement in parsed.tree.imports:
                known = len(self._diagnostics)
                target = self._find(statement.path, path)
                if statement.path.span.line in told:
                    del self._diagnostics[known:]
                if target is not None:
                    imports[statement] = target
        return LoadedFile(
            source=source,
            tree=parsed.tree,
            lost=parsed.lost,
            guessed=parsed.guessed,
            requested=requested,
            imports=imports,
        )

    def _find(self, written: nodes.String, importer: str) -> str | None:
        """Return the key of the imported file, or report why there is none."""
        folders = [os.path.dirname(importer), *self._include]
        candidates = [os.path.normpath(os.path.join(folder, written.value)) for folder in folders]
        problems: dict[str, str] = {}
        for candidate in candidates:
            problem = self._why_unreadable(candidate)
            if problem is None:
                self._absent += problems
                return self._add(candidate)
            problems[candidate] = problem
        self._absent += problems
        # A file that exists but cannot be read says more than the places where there is none.
        path, problem = next((item for item in problems.items() if item[1] != _MISSING), (candidates[0], _MISSING))
        message = f"cannot import `{written.value}`: {problem}"
        if problem == _MISSING:
            looked = tuple(f"looked for `{candidate}`" for candidate in problems)
            meant = _like(list(problems), importer)
            spelt = (f"did you mean `{os.path.join(os.path.dirname(written.value), meant)}`?",) if meant else ()
            help_ = (*looked, *spelt, "give its folder with `--include`")
        else:
            help_ = (f"found at `{path}`", *_path_remedies(path, problem))
        self._diagnostics.append(Diagnostic(code="E0205", message=message, span=written.span, help=help_))
        return None


def idl_files(path: str, report: Callable[[str, str], None]) -> list[str]:
    """Return `path`, or for a folder every `.idl` file under it, sorted.

    Args:
        path: as the user wrote it.
        report: is told of folders that cannot be read or hold no such file: which, and what is wrong.
    """
    if "\0" in path or not os.path.isdir(path):
        return [path]
    found: list[str] = []
    walk = os.walk(path, onerror=lambda error: report(str(error.filename), reason(error)))
    for folder, folders, names in walk:
        folders.sort()
        found.extend(os.path.join(folder, name) for name in sorted(names) if name.endswith(".idl"))
    if not found:
        report(path, _NOTHING_IN_IT)
    return found


def cannot_read(path: str, problem: str) -> Diagnostic:
    """Say that `path` cannot be read, and why."""
    message = f"cannot read `{path}`: {problem}"
    return Diagnostic(code="E0206", message=message, span=at_file(path), help=_path_remedies(path, problem))


_MISSING = "no such file"
_IS_FOLDER = "it is a folder"
_NOTHING_IN_IT = "no `.idl` file under this folder"


def _path_remedies(path: str, problem: str) -> tuple[str, ...]:
    """Return what can be done about a path that cannot be read."""
    if problem == _MISSING:
        meant = _like([path], "")
        known = "paths are relative to the current folder"
        return (f"did you mean `{os.path.join(os.path.dirname(path), meant)}`?" if meant else known,)
    if problem == _NOTHING_IN_IT:
        return ("give the folder that holds the `.idl` files, or one of them",)
    if problem == _IS_FOLDER:
        names = [os.path.normpath(os.path.join(path, name)) for name in idl_files_beside(os.path.join(path, ""))[:6]]
        return (f"name a file in it: {', '.join(f'`{name}`' for name in names)}" if names else "name a file",)
    return ("look at its permissions, and whether it is a file",)


def _like(candidates: list[str], importer: str) -> str | None:
    """Return the name of the file that may have been meant by one of the paths that are not there."""
    for candidate in candidates:
        own = os.path.basename(importer)
        found = closest(os.path.basename(candidate), [n for n in idl_files_beside(candidate) if n != own])
        if found is not None:
            return found
    return None


def why_unreadable(path: str) -> str | None:
    """Return why `path` cannot be read as a file, None if it can."""
    if not path or "\0" in path:
        return "this is no path"
    if os.path.isdir(path):
        return _IS_FOLDER
    try:
        if not os.path.isfile(path):
            os.stat(path)
            return "it is not a regular file"
        with open(path, "rb") as file:
            # Some can be opened, but not read: of /proc, on a failing disk, of a server that has gone.
            file.read(1)
            return None
    except OSError as error:
        return reason(error)


def reason(error: OSError) -> str:
    """Return in a few words why the file system refused."""
    if isinstance(error, FileNotFoundError):
        return _MISSING
    return (error.strerror or str(error)).lower()


def decode(path: str, key: str, data: bytes) -> tuple[SourceFile, list[Diagnostic]]:
    """Decode a file's bytes; what is not UTF-8 becomes U+FFFD, and each piece of it a diagnostic at its place."""
    # Bytes that are not UTF-8 become lone surrogates, which UTF-8 itself cannot hold: none is mistaken for text.
    text = data.removeprefix(_BOM).decode("utf-8", errors="surrogateescape")
    pieces = list(itertools.islice(_DAMAGED.finditer(text), _MAX_DAMAGE))
    source = SourceFile(path, key, _DAMAGED.sub(lambda found: "\ufffd" * len(found.group()), text))
    return source, [
        _damage(source.span(*found.span()), found.group().encode("utf-8", errors="surrogateescape")) for found in pieces
    ]


def _damage(span: Span, data: bytes) -> Diagnostic:
    shown = " ".join(f"0x{byte:02X}" for byte in data[:4]) + (" …" if len(data) > 4 else "")
    remedy = "save the file as UTF-8"
    return Diagnostic(code="E0106", message=f"not valid UTF-8: {shown}", span=span, help=(remedy,))
