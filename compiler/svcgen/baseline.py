"""What a contract is compared with: files of a git revision, a folder or file, or a model as `svcgen ir` wrote it."""

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from svcgen.git_files import GitError, Repository, write_files
from svcidl.diagnostics import Diagnostic
from svcidl.ir import ModelFormatError, load
from svcidl.model import Model
from svcidl.pipeline import Checked, check
from svcidl.source import SourceFile, Span

GIT = "git:"
MODEL_SUFFIX = ".json"

_PACKAGE = re.compile(rb"^(?:\xef\xbb\xbf)?\s*package\s+([A-Za-z0-9_.]+)", re.MULTILINE)


class BaselineError(Exception):
    """There is no baseline; the message says why, `diagnostics` what is wrong in its files."""

    def __init__(self, message: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """An older contract.

    Attributes:
        model: of it.
        sources: its files, by what they are called in findings; none where only a model was given.
        moved: files of the work tree that hold what the files given by the user held then.
        shown: what a path of the model is called in findings.
    """

    model: Model
    sources: Mapping[str, SourceFile]
    moved: tuple[str, ...] = ()
    shown: Callable[[str], str] = lambda path: path

    def named(self, diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Return findings whose old places are called as the user knows them."""
        return [
            replace(found, notes=tuple(replace(note, span=_renamed(note.span, self.shown)) for note in found.notes))
            for found in diagnostics
        ]


def read_model(path: str, *, shown: Callable[[str], str] = lambda path: path) -> Model:
    """Return the model in a file that `svcgen ir` wrote.

    Raises:
        BaselineError: it cannot be read, or is no such file.
    """
    try:
        return load(Path(path).read_text(encoding="utf-8"), path=shown)
    except OSError as error:
        raise BaselineError(f"cannot read `{path}`: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise BaselineError(f"cannot read `{path}`: it is no UTF-8") from error
    except ModelFormatError as error:
        raise BaselineError(f"cannot read the model in `{path}`: {error}") from error


def read_baseline(against: str, new: Model, files: Sequence[str], include: Sequence[str] = ()) -> Baseline:
    """Return the contract that `against` means: `git:REVISION`, a folder, a file, or a model.

    Args:
        against: as the user wrote it.
        new: the contract as it is now.
        files: the files and folders that it was read from.
        include: folders in which imports are looked up.

    Raises:
        BaselineError: there is none.
    """
    if against.startswith(GIT):
        try:
            return _of_revision(against.removeprefix(GIT), new, files, include)
        except GitError as error:
            raise BaselineError(str(error)) from error
    if against.endswith(MODEL_SUFFIX):
        return Baseline(model=read_model(against, shown=lambda path: f"{against}:{path}"), sources={})
    if not os.path.exists(against):
        raise BaselineError(f"there is no `{against}`; a revision is written `git:{against}`")
    checked = check([against], include=include)
    if checked.model is None:
        raise BaselineError(f"the baseline `{against}` has mistakes", checked.diagnostics)
    return Baseline(model=checked.model, sources=checked.sources)


# --- a revision of git -------------------------------------------------------------


def _of_revision(revision: str, new: Model, files: Sequence[str], include: Sequence[str]) -> Baseline:
    repository = Repository.around(files[0])
    given = [_inside(repository, path) for path in files]
    old_files = repository.files(repository.tree(revision))
    packages = {path: package for path, content in old_files.items() if (package := _package(content)) is not None}
    places = {package.name: _inside(repository, package.path) for package in new.packages if package.requested}
    wanted = _wanted(given, places, packages, set(repository.work_files()))
    if not wanted:
        return Baseline(model=Model(packages=()), sources={})
    # Resolved, since paths of the language are: a folder for temporary files may be a symbolic link.
    with tempfile.TemporaryDirectory(prefix="svcgen-", ignore_cleanup_errors=True) as made:
        folder = os.path.realpath(made)
        write_files(old_files, Path(folder))
        checked = check(
            [os.path.join(folder, path) for path in wanted], include=_old_folders(repository, include, folder)
        )

    def shown(text: str) -> str:
        return text.replace(f"{folder}{os.sep}", f"{revision}:")

    if checked.model is None:
        raise BaselineError(f"the files of `{revision}` have mistakes", _shown_mistakes(checked, shown))
    known = {package.name for package in new.packages}
    gone = [package.name for package in checked.model.packages if package.requested and package.name not in known]
    return Baseline(
        model=checked.model,
        sources={shown(path): source for path, source in checked.sources.items()},
        moved=tuple(_elsewhere(repository, gone, old_files)) if gone else (),
        shown=shown,
    )


def _package(content: bytes) -> str | None:
    found = _PACKAGE.search(content)
    return found.group(1).decode("ascii") if found else None


def _inside(repository: Repository, path: str) -> str:
    """Return a path from the root of the repository, with `/`."""
    inside = os.path.relpath(os.path.realpath(path), repository.root)
    if inside == os.pardir or inside.startswith(os.pardir + os.sep):
        raise GitError(f"`{path}` lies outside of the git repository `{repository.root}`")
    return Path(inside).as_posix()


def _wanted(
    given: Sequence[str], places: Mapping[str, str], packages: Mapping[str, str], work_files: set[str]
) -> list[str]:
    """Return the old files to compare with: those of the given names, and those of the packages that there are now.

    Args:
        given: files and folders that the user named, from the root.
        places: the file of every package that is there now.
        packages: the package of every old file.
        work_files: all files that are there now.
    """
    wanted = {path for path in packages for name in given if name in (".", path) or path.startswith(f"{name}/")}
    found = {packages[path] for path in wanted}
    for package, place in places.items():
        candidates = [path for path, name in packages.items() if name == package]
        if package not in found and candidates:
            # Copies happen, in tests and examples: rather that which is no longer where it was, then one of its name.
            wanted.add(
                min(candidates, key=lambda path: (path in work_files, Path(path).name != Path(place).name, path))
            )
    return sorted(wanted)


def _old_folders(repository: Repository, include: Sequence[str], folder: str) -> list[str]:
    folders = []
    for each in include:
        try:
            folders.append(os.path.join(folder, _inside(repository, each)))
        except GitError:
            # Outside of the repository there is only one version of it.
            folders.append(each)
    return [each for each in folders if os.path.isdir(each)]


def _elsewhere(repository: Repository, packages: Sequence[str], old_files: Mapping[str, bytes]) -> Iterable[str]:
    """Yield the files of the work tree that declare a package now which the given files no longer have."""
    found: dict[str, list[str]] = {}
    for path in repository.work_files():
        name = _package(Path(repository.root, path).read_bytes())
        if name is not None and name in packages:
            found.setdefault(name, []).append(path)
    for paths in found.values():
        yield os.path.relpath(os.path.join(repository.root, min(paths, key=lambda path: (path in old_files, path))))


def _shown_mistakes(checked: Checked, shown: Callable[[str], str]) -> tuple[Diagnostic, ...]:
    return tuple(
        replace(
            found,
            message=shown(found.message),
            span=_renamed(found.span, shown),
            help=tuple(map(shown, found.help)),
            notes=tuple(replace(note, span=_renamed(note.span, shown)) for note in found.notes),
        )
        for found in checked.diagnostics
    )


def _renamed(span: Span, shown: Callable[[str], str]) -> Span:
    return replace(span, file=shown(span.file))
