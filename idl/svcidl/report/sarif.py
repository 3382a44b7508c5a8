"""The format `sarif`: one log of the OASIS standard SARIF 2.1.0, which code hosts and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; the numbers of sections in comments are its.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import quote

from svcidl.diagnostics import Diagnostic, Fix, Severity
from svcidl.explanation import Explanation
from svcidl.source import Span

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
ROOT = "%SRCROOT%"
"""The conventional name of the folder that relative paths start from (§3.14.14)."""


def sarif(
    diagnostics: Sequence[Diagnostic], *, explain: Callable[[str], Explanation], tool_version: str, folder: str
) -> str:
    """Return the log as JSON.

    Args:
        diagnostics: what was found; an empty log says that all is well.
        explain: gives the page of a code.
        tool_version: of svcgen.
        folder: the absolute folder that relative paths start from.
    """
    codes = sorted({found.code for found in diagnostics})
    places = _Places(folder)
    run = {
        "tool": {
            "driver": {
                "name": "svcgen",
                "version": tool_version,
                "rules": [_rule(explain(code)) for code in codes],
            }
        },
        # Columns count code points; the default would be UTF-16 code units (§3.14.17).
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"uri": places.folder_uri}},
        "results": [_result(found, codes.index(found.code), places) for found in diagnostics],
    }
    return json.dumps({"$schema": SCHEMA_URI, "version": VERSION, "runs": [run]}, ensure_ascii=False, indent=2)


def _rule(page: Explanation) -> dict[str, object]:
    markdown = f"{page.meaning}\n\nWrong:\n\n{page.wrong}\n\nRight:\n\n{page.right}\n\n{page.remedy}"
    rule: dict[str, object] = {
        "id": page.code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.meaning},
        "help": {"text": f"{page.meaning}\n\n{page.remedy}", "markdown": markdown},
        "defaultConfiguration": {"level": "warning" if page.code.startswith("L") else "error"},
    }
    if page.name:
        # §3.49.7 wants an identifier that a person understands; Pascal case is what the standard's examples have.
        rule["name"] = "".join(word.capitalize() for word in page.name.split("-"))
    if page.tags:
        rule["properties"] = {"tags": list(page.tags)}
    return rule


def _result(found: Diagnostic, rule: int, places: "_Places") -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": "error" if found.severity is Severity.ERROR else "warning",
        "message": {"text": "\n".join([found.message, *(f"help: {remedy}" for remedy in found.help)])},
        "locations": [places.location(found.span)],
    }
    if found.notes:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": note.message}, **places.location(note.span)}
            for number, note in enumerate(found.notes, start=1)
        ]
    if found.fixes:
        result["fixes"] = [_fix(fix, places) for fix in found.fixes]
    if found.category:
        result["properties"] = {"category": found.category}
    return result


def _fix(fix: Fix, places: "_Places") -> dict[str, object]:
    by_file: dict[str, list[object]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        by_file.setdefault(edit.span.file, []).append(replacement)
    changes = [
        {"artifactLocation": places.artifact(path), "replacements": replacements}
        for path, replacements in by_file.items()
    ]
    return {"description": {"text": fix.message}, "artifactChanges": changes}


def _region(span: Span) -> Mapping[str, int]:
    # Both ends are 1-based, and the end column is the one behind the last character (§3.30.8), as in a span.
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


class _Places:
    """Turns paths into URIs."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.folder_uri = _file_uri([*_parts(folder), ""])

    def location(self, span: Span) -> dict[str, object]:
        physical: dict[str, object] = {"artifactLocation": self.artifact(span.file)}
        if span.end > 0:
            physical["region"] = _region(span)
        return {"physicalLocation": physical}

    def artifact(self, path: str) -> dict[str, str]:
        # A relative reference has no segments `..` (§3.10.1), so what lies outside of the folder is absolute.
        path = os.path.normpath(path) if path else path
        if os.path.isabs(path) or path.split(os.sep)[0] == os.pardir:
            return {"uri": _file_uri(_parts(os.path.normpath(os.path.join(self._folder, path))))}
        return {"uri": _encoded(_parts(path)), "uriBaseId": ROOT}


def _parts(path: str) -> list[str]:
    return path.replace(os.sep, "/").split("/")


def _file_uri(parts: Iterable[str]) -> str:
    path = _encoded(parts)
    return f"file://{path}" if path.startswith("/") else f"file:///{path}"


def _encoded(parts: Iterable[str]) -> str:
    # A name need not be UTF-8: its bytes are what is encoded.
    return "/".join(quote(os.fsencode(part), safe="") for part in parts)
