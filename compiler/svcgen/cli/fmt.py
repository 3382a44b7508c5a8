"""`fmt`: bring IDL files into the one layout."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from svcgen.cli.diagnostics import show, wants_color
from svcgen.cli.exit_codes import COULD_NOT_RUN, FINDINGS
from svcgen.cli.options import files_argument, format_option
from svcgen.in_place import replace
from svcidl.diagnostics import Diagnostic
from svcidl.loader import cannot_read, decode, idl_files, reason, why_unreadable
from svcidl.source import SourceFile

EPILOG = """\b
Examples:
  svcgen fmt contracts/
  svcgen fmt contracts/ --check
  svcgen fmt orders.idl --diff
  svcgen fmt - --stdin-filename orders.idl < orders.idl
"""
STDIN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What formatting one file gave.

    Attributes:
        path: as the user wrote it.
        before: what it holds.
        after: what it should hold, None if it cannot be formatted.
        diagnostics: why it cannot be.
        source: the text that they point into, if there is one.
    """

    path: str
    before: bytes = b""
    after: bytes | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    source: SourceFile | None = None

    @property
    def differs(self) -> bool:
        """Whether formatting changes it."""
        return self.after is not None and self.after != self.before


@click.command(epilog=EPILOG)
@files_argument
@click.option("--check", "is_check", is_flag=True, help="Write nothing; list what differs and exit 1.")
@click.option("--diff", "is_diff", is_flag=True, help="Write nothing; print what would change and exit 1.")
@click.option("--stdin-filename", metavar="PATH", help="The path that messages name when FILE is `-`.")
@format_option
def command(files: tuple[Path, ...], is_check: bool, is_diff: bool, stdin_filename: str | None, form: str) -> int:
    """Format FILE, a `.idl` file or a folder of them, in place; `-` formats standard input to standard output.

    A file with syntax errors is left as it is; the others are formatted all the same. Exit code 1 tells of such files.
    """
    paths = [str(path) for path in files]
    if STDIN in paths and len(paths) > 1:
        raise click.UsageError("`-` stands for standard input and takes no other FILE beside it.")
    if stdin_filename is not None and paths != [STDIN]:
        raise click.UsageError("`--stdin-filename` needs `-` as FILE.")
    if paths == [STDIN]:
        data = sys.stdin.buffer.read()
        outcomes = [_formatted(stdin_filename or "<standard input>", data)]
    else:
        outcomes = list(_outcomes(paths))
    diagnostics = [found for outcome in outcomes for found in outcome.diagnostics]
    if paths == [STDIN] and not diagnostics and not is_check and not is_diff:
        # Nothing else may come between on standard output, not even a log of no findings.
        sys.stdout.buffer.write(outcomes[0].after or b"")
        return 0
    show(diagnostics, _sources(outcomes), form)
    if is_check or is_diff:
        return _compare(outcomes, is_check=is_check, is_diff=is_diff)
    return FINDINGS if paths == [STDIN] else _write(outcomes)


def _outcomes(paths: list[str]) -> Iterator[Outcome]:
    """Format every file once, however often it is named."""
    seen: set[str] = set()
    for path in paths:
        found, problems = _expand(path)
        if problems:
            yield Outcome(path=path, diagnostics=tuple(problems))
        for file in found:
            key = file if "\0" in file else os.path.realpath(file)
            if key not in seen:
                seen.add(key)
                yield _read(file)


def _expand(path: str) -> tuple[list[str], list[Diagnostic]]:
    problems: list[Diagnostic] = []
    return idl_files(path, lambda where, why: problems.append(cannot_read(where, why))), problems


def _read(path: str) -> Outcome:
    problem = why_unreadable(path)
    if problem is None:
        try:
            return _formatted(path, Path(path).read_bytes())
        except OSError as error:
            problem = reason(error)
    return Outcome(path=path, diagnostics=(cannot_read(path, problem),))


def _formatted(path: str, data: bytes) -> Outcome:
    # The parser's library is dear to import: `--help` does without.
    from svcidl.fmt import Unformattable, format_text

    source, damage = decode(path, path, data)
    if damage:
        return Outcome(path=path, before=data, diagnostics=tuple(damage), source=source)
    try:
        return Outcome(path=path, before=data, after=format_text(source.text, path).encode())
    except Unformattable as error:
        return Outcome(path=path, before=data, diagnostics=error.diagnostics, source=error.source)


def _sources(outcomes: list[Outcome]) -> Mapping[str, SourceFile]:
    return {outcome.path: outcome.source for outcome in outcomes if outcome.source is not None}


def _write(outcomes: list[Outcome]) -> int:
    code = 0
    changed = [outcome for outcome in outcomes if outcome.differs]
    for outcome in changed:
        try:
            replace(Path(outcome.path), outcome.after or b"")
        except OSError as error:
            click.echo(f"Error: cannot write {outcome.path}: {reason(error)}; it is as it was", err=True)
            code = COULD_NOT_RUN
        else:
            click.echo(f"formatted: {outcome.path}", err=True)
    return code or _summary(outcomes)


def _compare(outcomes: list[Outcome], *, is_check: bool, is_diff: bool) -> int:
    changed = [outcome for outcome in outcomes if outcome.differs]
    for outcome in changed:
        if is_diff:
            _print_diff(outcome)
        if is_check:
            click.echo(f"differs: {outcome.path}", err=True)
    if changed and is_check:
        click.echo("run the same command without --check to format them", err=True)
    return FINDINGS if changed else _summary(outcomes)


def _summary(outcomes: list[Outcome]) -> int:
    """Say how many files are left as they are, and return the exit code."""
    refused = sum(outcome.after is None for outcome in outcomes)
    kept = sum(outcome.after is not None and not outcome.differs for outcome in outcomes)
    if kept:
        click.echo(f"{_count(kept)} formatted already", err=True)
    if refused:
        click.echo(f"{_count(refused)} not formatted", err=True)
    return FINDINGS if refused else 0


def _count(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _print_diff(outcome: Outcome) -> None:
    import difflib
    import io

    # Lines end in LF alone: other marks that Python splits at may stand in strings.
    before, after = (list(io.StringIO(data.decode(), newline="\n")) for data in (outcome.before, outcome.after or b""))
    is_coloured = wants_color(sys.stdout)
    for line in difflib.unified_diff(before, after, outcome.path, outcome.path):
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[0]) if is_coloured else None
        end = "" if line.endswith("\n") else "\n\\ No newline at end of file\n"
        # UTF-8 whatever the locale is, and a path that is no text as it is.
        text = (click.style(line, fg=colour) if colour else line) + end
        click.echo(text.encode(errors="surrogateescape"), nl=False)
