"""Fixes, checks again what came out, and goes on until nothing more can be fixed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from svcidl.diagnostics import Diagnostic
from svcidl.lint.config import LintConfig
from svcidl.lint.fixes import apply_fixes
from svcidl.lint.run import lint
from svcidl.pipeline import Checked
from svcidl.source import SourceFile

_MOST_ROUNDS = 50
"""Every round carries out one fix at least; rules that undid each other would go on for ever."""

Check = Callable[[Mapping[str, str]], Checked]
"""Checks with these texts, by `SourceFile.key`, in place of what the files hold."""


class RepairError(Exception):
    """Fixing led to a contract with errors, or to no end: a bug of a rule, and nothing may be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What fixing gave.

    Attributes:
        before: what the files hold, by path.
        checked: of the texts as they are now.
        findings: what is left.
        texts: by path, the text of every file that changed.
        count: fixes carried out.
    """

    before: Mapping[str, SourceFile]
    checked: Checked
    findings: tuple[Diagnostic, ...]
    texts: Mapping[str, str]
    count: int


def repair(check: Check, config: LintConfig) -> Repaired:
    """Carry out every safe fix in memory; raises RepairError."""
    texts: dict[str, str] = {}
    changed: dict[str, str] = {}
    count = 0
    checked = check(texts)
    before = checked.sources
    for _ in range(_MOST_ROUNDS):
        findings = lint(checked, config)
        fixed = apply_fixes(findings, checked.sources)
        if fixed.count == 0:
            return Repaired(before=before, checked=checked, findings=findings, texts=changed, count=count)
        count += fixed.count
        changed.update(fixed.texts)
        texts.update({checked.sources[path].key: text for path, text in fixed.texts.items()})
        checked = check(texts)
        if checked.model is None:
            first = checked.diagnostics[0]
            raise RepairError(f"a fix broke {first.span.file}:{first.span.line}: {first.message}")
    raise RepairError("the fixes find no end")
