"""Findings that a contract accepts itself: `// svcgen: allow B0101 no client is left`, on the line or before it.

The form is that of the linter's suppressions: codes or names of rules with commas, then the reason; `allow-file` above
the package holds for the whole file.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from svcidl.compat.rules import RULES
from svcidl.diagnostics import Diagnostic
from svcidl.source import SourceFile

_ALLOW = re.compile(r"/{2,}\s*svcgen:\s*(allow|allow-file)\s+([\w-]+(?:\s*,\s*[\w-]+)*)(.*)")
_RULE = re.compile(r"[\w-]+")
_CODES = {name: rule.code for rule in RULES for name in (rule.code, rule.page.name)}
_ANYWHERE = 0
"""Instead of a line: of the whole file."""


def without_accepted(diagnostics: Sequence[Diagnostic], sources: Mapping[str, SourceFile]) -> list[Diagnostic]:
    """Return the findings that no comment accepts; one whose comment lacks a reason says so.

    Args:
        diagnostics: findings at places of the new files.
        sources: the new files by path; of what is not among them nothing can be accepted.
    """
    files = {found.span.file for found in diagnostics}
    allowed = {path: _allowed(sources[path].text) for path in files if path in sources}
    left = []
    for found in diagnostics:
        own = allowed.get(found.span.file, {})
        reasons = [own[line, found.code] for line in (found.span.line, _ANYWHERE) if (line, found.code) in own]
        if not reasons:
            left.append(found)
        elif not any(reasons):
            told = f"`// svcgen: allow {found.code}` needs a reason behind it"
            left.append(replace(found, help=(told, *found.help)))
    return left


def _allowed(text: str) -> dict[tuple[int, str], bool]:
    """Return whether there is a reason, by line and code.

    A comment before a thing reaches over its documentation and annotations to its first line.
    """
    found: dict[tuple[int, str], bool] = {}
    waiting: dict[str, bool] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        comment = _ALLOW.search(line)
        said = _said(comment) if comment is not None else {}
        if comment is not None and comment.group(1) == "allow-file":
            found.update({(_ANYWHERE, code): has_reason for code, has_reason in said.items()})
        elif comment is not None and not line[: comment.start()].strip():
            waiting.update(said)
        else:
            found.update({(number, code): has_reason for code, has_reason in {**waiting, **said}.items()})
            if line.strip() and not line.lstrip().startswith(("//", "@")):
                waiting = {}
    return found


def _said(comment: re.Match[str]) -> dict[str, bool]:
    has_reason = any(character.isalnum() for character in comment.group(3))
    names = (name.upper() if name.upper() in _CODES else name for name in _RULE.findall(comment.group(2)))
    return {_CODES[name]: has_reason for name in names if name in _CODES}
