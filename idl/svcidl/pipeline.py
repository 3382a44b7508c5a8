"""The stages of the language, from paths to a checked model. Each can be called alone; nothing prints or exits."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from svcidl.diagnostics import Diagnostic, Severity, has_errors, in_order
from svcidl.loader import Loaded, load
from svcidl.model import Model
from svcidl.resolve.bind import bind
from svcidl.resolve.build import build_model
from svcidl.resolve.program import Program
from svcidl.rules import check_rules
from svcidl.source import SourceFile
from svcidl.stages import Stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What checking gave.

    Attributes:
        model: None when there is any error.
        diagnostics: errors and warnings, file by file in the order of the run, by place inside a file.
        sources: every file read, by the path that the spans name.
        program: the files with every name bound, where it was asked for.
        absent: paths at which an import was looked for in vain; a file there would be read instead.
    """

    model: Model | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceFile]
    program: Program | None = None
    absent: tuple[str, ...] = ()


def check(
    paths: Iterable[str | os.PathLike[str]],
    *,
    include: Sequence[str | os.PathLike[str]] = (),
    texts: Mapping[str, str] | None = None,
    keep_program: bool = False,
    stages: Stages | None = None,
) -> Checked:
    """Read, parse, resolve and check the files, the folders and all they import; never raises for what they contain.

    Args:
        paths: `.idl` files, and folders for every `.idl` file under them.
        include: folders in which imports are looked up after the importing file's own.
        texts: by `SourceFile.key`, what to read in place of what a file holds; it need not exist.
        keep_program: return the program, too, which takes as much memory as the model.
        stages: measures reading and parsing, resolving, and the rules.
    """
    stages = stages or Stages()
    with stages.stage("parse"):
        loaded = load(paths, include=include, texts=texts)
    with stages.stage("resolve"):
        program, unbound = bind(loaded)
    with stages.stage("rules"):
        broken = list(check_rules(program))
    sources = {file.source.path: file.source for file in loaded.files.values()}
    first = loaded.diagnostics
    diagnostics = in_order([*first, *without_consequences(loaded, [*unbound, *broken])], list(sources))
    with stages.stage("resolve"):
        model = None if has_errors(diagnostics) else build_model(program)
    kept = program if keep_program else None
    return Checked(model=model, diagnostics=diagnostics, sources=sources, program=kept, absent=loaded.absent)


def without_consequences(loaded: Loaded, later: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return those of `later` that do not stand where a syntax error was mended: what was made of it is a guess."""
    damaged = {(found.span.file, found.span.line) for found in loaded.diagnostics if found.severity is Severity.ERROR}
    for file in loaded.files.values():
        damaged.update((file.source.path, line) for line in file.guessed)
    return [found for found in later if (found.span.file, found.span.line) not in damaged]
