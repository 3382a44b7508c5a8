"""Runs the rules over what was checked."""

import dataclasses

from svcidl.diagnostics import Diagnostic, in_order
from svcidl.lint.config import DEFAULT, LintConfig
from svcidl.lint.context import Context
from svcidl.lint.known import STRAY_DOCUMENTATION
from svcidl.lint.rule import replacement
from svcidl.lint.rules import RULES
from svcidl.lint.suppress import suppress
from svcidl.pipeline import Checked
from svcidl.source import SourceFile


def lint(checked: Checked, config: LintConfig = DEFAULT) -> tuple[Diagnostic, ...]:
    """Return what the rules find in the requested files, by file and place; `Diagnostic.fixes` has their remedies.

    Args:
        checked: what `check(…, keep_program=True)` returned. With any error in it nothing is found: rules need names
            that are bound.
        config: which rules are on.

    Raises:
        ValueError: the program was not kept.
    """
    if checked.model is None:
        return ()
    if checked.program is None:
        raise ValueError("check with keep_program=True")
    context = Context(checked.program)
    found = [each for rule in RULES if rule.code in config.enabled for each in rule.run(context)]
    own = {unit.file.source.path: unit.file.source for unit in context.units}
    if STRAY_DOCUMENTATION in config.enabled:
        found += [
            _with_fix(each, own[each.span.file])
            for each in checked.diagnostics
            if each.code == STRAY_DOCUMENTATION and each.span.file in own
        ]
    return in_order(suppress(context.units, found, config.enabled), list(checked.sources))


def _with_fix(stray: Diagnostic, source: SourceFile) -> Diagnostic:
    slashes = source.span(stray.span.start, stray.span.start + 3)
    fixes = replacement("make it a comment", slashes, "//", is_safe=True)
    return dataclasses.replace(stray, fixes=fixes)
