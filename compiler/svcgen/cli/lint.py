"""`lint`: find what a sound contract had better not say, and put right what can be."""

import codecs
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from svcgen.cli.diagnostics import show
from svcgen.cli.exit_codes import COULD_NOT_RUN, FINDINGS
from svcgen.cli.options import files_argument, format_option, include_option
from svcgen.lint_settings import LintSettingsError, read_lint_settings
from svcgen.pipeline import check_files
from svcidl.diagnostics import Diagnostic
from svcidl.lint import Choice, LintConfig, UnknownRule, configure, lint
from svcidl.pipeline import Checked
from svcidl.source import SourceFile

if TYPE_CHECKING:
    from svcidl.lint.repair import Repaired

EPILOG = """\b
Examples:
  svcgen lint contracts/
  svcgen lint contracts/ --fix
  svcgen lint contracts/ --select missing-documentation --ignore L0137
  svcgen lint --rules

Rules are called by code or name. A project chooses in svcgen.toml: [lint] with select and ignore.
"""


def _show_rules(ctx: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        from svcidl.explanations import explain
        from svcidl.lint.known import DEFAULT_CODES, KNOWN

        for code, name in sorted(KNOWN.items()):
            marks = "*" if code in DEFAULT_CODES else " "
            click.echo(f"{marks} {code} {name}: {explain(code).title}")
        click.echo("\n* on by default; `svcgen explain CODE` tells more")
        ctx.exit()


@click.command(epilog=EPILOG)
@files_argument
@include_option
@click.option("--select", multiple=True, metavar="RULE", help="Turn a rule on, or `all`; may be repeated.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Turn a rule off; may be repeated.")
@click.option("--only", multiple=True, metavar="RULE", help="Turn all other rules off; may be repeated.")
@click.option("--fix", "is_fix", is_flag=True, help="Put right what can be put right safely.")
@click.option("--diff", "is_diff", is_flag=True, help="Print what --fix would change, and write nothing.")
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Read [lint] from here.  [default: svcgen.toml]",
)
@click.option(
    "--rules", is_flag=True, is_eager=True, expose_value=False, callback=_show_rules, help="List all rules and exit."
)
@format_option
def command(
    files: tuple[Path, ...],
    include: tuple[Path, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    only: tuple[str, ...],
    is_fix: bool,
    is_diff: bool,
    config: Path | None,
    form: str,
) -> int:
    """Look for bad habits in FILE, a `.idl` file or a folder of them. Exit code 1 tells of findings.

    Imported files are read, but not looked into. With mistakes in any file only these are shown.
    """
    if is_fix and is_diff:
        raise click.UsageError("--fix and --diff exclude each other.")
    try:
        rules = configure(read_lint_settings(config), Choice(only=only, select=select, ignore=ignore))
    except (LintSettingsError, UnknownRule) as error:
        click.echo(f"Error: {error}", err=True)
        return COULD_NOT_RUN
    if is_fix or is_diff:
        return _fix(files, include, rules, form, is_diff=is_diff)
    checked = check_files(files, include=include, keep_program=True)
    return _report(checked, lint(checked, rules), form)


def _fix(files: Iterable[Path], include: tuple[Path, ...], rules: LintConfig, form: str, *, is_diff: bool) -> int:
    from svcidl.lint.repair import RepairError, repair

    paths = list(files)

    def check(texts: Mapping[str, str]) -> Checked:
        return check_files(paths, include=include, texts=texts, keep_program=True)

    try:
        repaired = repair(check, rules)
    except RepairError as error:
        click.echo(f"Error: {error}; nothing was changed", err=True)
        return COULD_NOT_RUN
    if is_diff:
        return _show_diff(repaired, form)
    for path, text in repaired.texts.items():
        try:
            _write(Path(path), text)
        except OSError as error:
            click.echo(f"Error: cannot write {path}: {error.strerror or error}; it is as it was", err=True)
            return COULD_NOT_RUN
    if repaired.count:
        click.echo(f"{_count(repaired.count, 'finding')} put right in {_count(len(repaired.texts), 'file')}", err=True)
    return _report(repaired.checked, repaired.findings, form)


def _write(path: Path, text: str) -> None:
    from svcgen.in_place import replace

    # The text is kept without the byte order mark that the file may begin with.
    mark = codecs.BOM_UTF8 if path.read_bytes().startswith(codecs.BOM_UTF8) else b""
    replace(path, mark + text.encode())


def _show_diff(repaired: "Repaired", form: str) -> int:
    from svcgen.cli.diff import print_diff

    for path, text in repaired.texts.items():
        print_diff(path, repaired.before[path].text, text)
    code = _report(repaired.checked, repaired.findings, form, is_quiet=bool(repaired.texts))
    return FINDINGS if repaired.texts else code


def _report(checked: Checked, findings: tuple[Diagnostic, ...], form: str, *, is_quiet: bool = False) -> int:
    if checked.model is None:
        show(checked.diagnostics, checked.sources, form)
        return FINDINGS
    show(findings, checked.sources, form)
    if form in ("full", "concise") and not is_quiet:
        _summarize(findings, checked.sources)
    return FINDINGS if findings else 0


def _summarize(findings: tuple[Diagnostic, ...], sources: Mapping[str, SourceFile]) -> None:
    from svcidl.lint.fixes import safe_fix

    fixable = sum(safe_fix(finding) is not None for finding in findings)
    if not findings:
        click.echo(f"no findings in {_count(len(sources), 'file')}", err=True)
    elif fixable:
        click.echo(f"{_count(fixable, 'finding')} can be put right with --fix", err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
