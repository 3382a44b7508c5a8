"""`breaking`: what of a change of a contract breaks somebody."""

import os
from pathlib import Path

import click

from svcgen.baseline import MODEL_SUFFIX, Baseline, BaselineError, read_baseline, read_model
from svcgen.cli.diagnostics import show
from svcgen.cli.exit_codes import COULD_NOT_RUN, FINDINGS
from svcgen.cli.options import format_option, include_option, optional_files_argument
from svcidl.compat import RULES, Category, compare
from svcidl.compat.accepted import without_accepted
from svcidl.pipeline import Checked, check
from svcidl.report import concise
from svcidl.suggest import closest

EPILOG = """\b
Examples:
  svcgen breaking --against git:main
  svcgen breaking contracts/ --against git:HEAD~1 --except SOURCE
  svcgen breaking orders.idl --against released/orders.idl
  svcgen ir contracts/ --out baseline.json
  svcgen breaking contracts/ --against baseline.json
"""

_CATEGORIES = click.Choice([category.value for category in Category], case_sensitive=False)


@click.command(epilog=EPILOG)
@optional_files_argument
@click.option(
    "--against",
    required=True,
    metavar="BASE",
    help="What to compare with: git:REVISION, a folder, a file, or a model that `svcgen ir` wrote.",
)
@include_option
@click.option("--category", "only", type=_CATEGORIES, multiple=True, help="Only findings of these; may be repeated.")
@click.option("--except", "without", type=_CATEGORIES, multiple=True, help="No findings of these; may be repeated.")
@click.option("--ignore", multiple=True, metavar="RULE", help="A code or name of a rule; may be repeated.")
@format_option
def command(
    files: tuple[Path, ...],
    against: str,
    include: tuple[Path, ...],
    only: tuple[str, ...],
    without: tuple[str, ...],
    ignore: tuple[str, ...],
    form: str,
) -> int:
    """Compare FILE, a `.idl` file or a folder of them (default: this one), with how it was, and tell what breaks whom.

    WIRE: messages are refused or misread. BROKER: queues no longer meet. ROUTE: HTTP requests fail. SOURCE: code that
    uses generated classes no longer runs. Exit code 1 tells of findings, 2 that there is nothing to compare with.
    """
    ignored = [_rule(each) for each in ignore]
    categories = [each for each in Category if (not only or each.value in only) and each.value not in without]
    paths, folders = [os.fspath(path) for path in files], [os.fspath(folder) for folder in include]
    try:
        checked = _read(paths, folders)
        if checked.model is None:
            show(checked.diagnostics, checked.sources, form)
            return FINDINGS
        baseline = read_baseline(against, checked.model, paths, folders)
    except BaselineError as error:
        return _failed(error)
    if baseline.moved:
        checked = _read([*paths, *baseline.moved], folders)
    if checked.model is None:
        show(checked.diagnostics, checked.sources, form)
        return FINDINGS
    found = compare(baseline.model, checked.model, categories=categories, ignored=ignored)
    left = without_accepted(baseline.named(found), checked.sources)
    show(left, {**baseline.sources, **checked.sources}, form)
    if left:
        return FINDINGS
    click.echo(_nothing(baseline, against, len(found)), err=True)
    return 0


def _read(paths: list[str], include: list[str]) -> Checked:
    """Read the contract as it is now: files and folders, or one model."""
    if len(paths) == 1 and paths[0].endswith(MODEL_SUFFIX):
        return Checked(model=read_model(paths[0]), diagnostics=(), sources={})
    return check(paths, include=include)


def _failed(error: BaselineError) -> int:
    if error.diagnostics:
        click.echo(concise(error.diagnostics), err=True)
    click.echo(f"Error: {error}", err=True)
    return COULD_NOT_RUN


def _rule(name: str) -> str:
    known = [text for rule in RULES for text in (rule.code, rule.page.name)]
    wanted = name.upper() if name.upper() in known else name
    if wanted not in known:
        near = closest(name, known)
        hint = f"did you mean `{near}`?" if near else "`svcgen explain` lists them"
        raise click.BadParameter(f"there is no rule `{name}`; {hint}", param_hint="--ignore")
    return wanted


def _nothing(baseline: Baseline, against: str, accepted: int) -> str:
    count = len(baseline.model.packages)
    if not count:
        return f"nothing to compare: `{against}` has none of these packages"
    beside = f", {accepted} accepted in the files" if accepted else ""
    return f"nothing breaks against {against} in {_counted(count, 'package')}{beside}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
