"""The stages of the compiler, from paths to written files. Each can be called alone; nothing prints or exits."""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from svcgen.plan import choose_names, plan_package
from svcgen.render import render
from svcgen.write import Changes, compare, write
from svcidl.diagnostics import Diagnostic, in_order
from svcidl.model import Model
from svcidl.pipeline import Checked, check
from svcidl.source import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What a run gave.

    Attributes:
        diagnostics: errors and warnings, in the order of the run.
        sources: every file read, by the path that the spans name.
        changes: what was written, or would be; None when there is any error, and then nothing was written.
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    changes: Changes | None


def check_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    include: Sequence[str | os.PathLike[str]] = (),
    texts: Mapping[str, str] | None = None,
    keep_program: bool = False,
) -> Checked:
    """Check files as `svcidl.pipeline.check` does, and that their names can be told apart in Python."""
    checked = check(paths, include=include, texts=texts, keep_program=keep_program)
    if checked.model is None:
        return checked
    _, meeting = choose_names(checked.model)
    return dataclasses.replace(
        checked,
        model=None if meeting else checked.model,
        diagnostics=in_order([*checked.diagnostics, *meeting], list(checked.sources)),
    )


def generate(model: Model) -> dict[str, str]:
    """Return the files of every package: text by posix path relative to the output folder. Deterministic."""
    names, _ = choose_names(model)
    return {path: text for package in model.packages for path, text in render(plan_package(package, names)).items()}


def compile_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str],
    include: Sequence[str | os.PathLike[str]] = (),
    dry_run: bool = False,
) -> Compiled:
    """Check the files, and write the packages of them and of all they import into `out`.

    Args:
        paths: `.idl` files, and folders for every `.idl` file under them.
        out: the folder that generated packages are imported from.
        include: folders in which imports are looked up after the importing file's own.
        dry_run: only tell what would be written.

    Raises:
        WriteError: the file system, or a file that svcgen did not generate, is in the way; nothing was written.
    """
    checked = check_files(paths, include=include)
    if checked.model is None:
        return Compiled(diagnostics=checked.diagnostics, sources=checked.sources, changes=None)
    files = generate(checked.model)
    changes = compare(files, Path(out)) if dry_run else write(files, Path(out))
    return Compiled(diagnostics=checked.diagnostics, sources=checked.sources, changes=changes)
