"""Findings that a contract accepts itself: `// svcgen: allow B0101 no client is left`, on the line or before it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from svcidl.diagnostics import Diagnostic
from svcidl.source import SourceFile

_ALLOW = re.compile(r"//\s*svcgen:\s*allow\s+((?:[A-Z]\d{4}\s*,?\s*)+)(.*)")
_CODE = re.compile(r"[A-Z]\d{4}")


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
        reason = allowed.get(found.span.file, {}).get((found.span.line, found.code))
        if reason is None:
            left.append(found)
        elif not reason:
            told = f"`// svcgen: allow {found.code}` needs a reason behind it"
            left.append(replace(found, help=(told, *found.help)))
    return left


def _allowed(text: str) -> dict[tuple[int, str], str]:
    """Return the reason by line and code. A comment before a thing reaches over its documentation and annotations."""
    found: dict[tuple[int, str], str] = {}
    waiting: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        comment = _ALLOW.search(line)
        said = dict.fromkeys(_CODE.findall(comment.group(1)), comment.group(2).strip()) if comment else {}
        code = line.strip()
        if comment is not None and comment.start() == len(line) - len(line.lstrip()):
            waiting.update(said)
            continue
        for each, reason in {**waiting, **said}.items():
            found[number, each] = reason
        if code and not code.startswith(("//", "@")):
            waiting = {}
    return found
