"""The stages of the compiler, from paths to written files. Each can be called alone; nothing prints or exits."""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from svcgen.plan import Names, choose_names, plan_package
from svcgen.render import render
from svcgen.targets import PYTHON, TargetError, find_target
from svcgen.write import Changes, compare, merged, write
from svcidl.diagnostics import Diagnostic, in_order
from svcidl.model import Model
from svcidl.pipeline import Checked, check
from svcidl.source import SourceFile
from svcidl.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What a run gave.

    Attributes:
        diagnostics: errors and warnings, in the order of the run.
        sources: every file read, by the path that the spans name.
        changes: what was written, or would be; None when there is any error, and then nothing was written.
        absent: see `svcidl.pipeline.Checked`.
        outputs: every file that was written, or need not be.
    """

    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    changes: Changes | None
    absent: tuple[str, ...] = ()
    outputs: tuple[Path, ...] = ()


def check_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    include: Sequence[str | os.PathLike[str]] = (),
    texts: Mapping[str, str] | None = None,
    keep_program: bool = False,
) -> Checked:
    """Check files as `svcidl.pipeline.check` does, and that their names can be told apart in Python."""
    return _named(check(paths, include=include, texts=texts, keep_program=keep_program))[0]


def _named(checked: Checked) -> tuple[Checked, Names]:
    if checked.model is None:
        return checked, Names()
    names, meeting = choose_names(checked.model)
    named = dataclasses.replace(
        checked,
        model=None if meeting else checked.model,
        diagnostics=in_order([*checked.diagnostics, *meeting], list(checked.sources)),
    )
    return named, names


def generate(model: Model, names: Names | None = None, *, stages: Stages | None = None) -> dict[str, str]:
    """Return the files of every package: text by posix path relative to the output folder. Deterministic.

    Args:
        model: what was checked.
        names: of the model, where they are known.
        stages: measures planning and rendering.
    """
    stages = stages or Stages()
    if names is None:
        names, _ = choose_names(model)
    files: dict[str, str] = {}
    for package in model.packages:
        with stages.stage("plan"):
            plan = plan_package(package, names)
        with stages.stage("render"):
            files.update(render(plan))
    return files


def compile_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    out: str | os.PathLike[str],
    include: Sequence[str | os.PathLike[str]] = (),
    targets: Mapping[str, str | os.PathLike[str] | None] = MappingProxyType({PYTHON: None}),
    dry_run: bool = False,
    stages: Stages | None = None,
) -> Compiled:
    """Check the files, and write what the targets make of them and of all they import.

    Args:
        paths: `.idl` files, and folders for every `.idl` file under them.
        out: the folder that generated packages are imported from, and where other targets write, too.
        include: folders in which imports are looked up after the importing file's own.
        targets: by name, each with a folder of its own, or None for `out`.
        dry_run: only tell what would be written.
        stages: measures the stages.

    Raises:
        TargetError: there is no such target, it has failed, or two write one file; nothing was written.
        WriteError: the file system, or a file that svcgen did not generate, is in the way. Nothing was written, or,
            where there are several folders, nothing in this one and those after it.
    """
    stages = stages or Stages()
    generators = {name: find_target(name) for name in targets if name != PYTHON}
    checked = check(paths, include=include, stages=stages)
    with stages.stage("names"):
        checked, names = _named(checked)
    if checked.model is None:
        return Compiled(diagnostics=checked.diagnostics, sources=checked.sources, changes=None, absent=checked.absent)
    folders: dict[Path, dict[str, str]] = {}
    for name, folder in targets.items():
        if name in generators:
            with stages.stage(name):
                files = generators[name](checked.model)
        else:
            files = generate(checked.model, names, stages=stages)
        _place(folders.setdefault(Path(out if folder is None else folder), {}), files, name)
    with stages.stage("write"):
        found = {folder: compare(files, folder) for folder, files in folders.items()}
        if not dry_run:
            found = {folder: write(files, folder) for folder, files in folders.items()}
    return Compiled(
        diagnostics=checked.diagnostics,
        sources=checked.sources,
        changes=merged(found, Path(out)),
        absent=checked.absent,
        outputs=tuple(folder / path for folder, files in folders.items() for path in files),
    )


def _place(placed: dict[str, str], files: Mapping[str, str], target: str) -> None:
    """Add the files of a target to those of others in the same folder."""
    if both := sorted(placed.keys() & files.keys()):
        remedy = f"give `{target}` a folder of its own, `--target {target}=DIR`"
        raise TargetError(f"two targets write `{both[0]}`: {remedy}")
    placed.update(files)
