"""docs/diagnostics.md, made from the table of codes: `python -m svcidl.reference > docs/diagnostics.md`."""

import sys

from svcidl.codes import CODES

_FAMILIES = {
    "E01": "Syntax",
    "E02": "Names and imports",
    "E03": "Types, defaults, constraints",
    "E04": "HTTP",
    "E05": "Events, timers, policies",
    "E06": "Annotations",
    "G01": "Generators",
    "L01": "Lint",
}

_INTRODUCTION = """# Diagnostics

Every finding has a stable code: it is never reused and never changes its meaning. E is an error, and no model is built
while there is one; G is an error of a generator; L is a warning. This page is made from the table of codes.
"""


def page() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for prefix, title in _FAMILIES.items():
        rows = [f"| {code} | {meaning} |" for code, meaning in CODES.items() if code.startswith(prefix)]
        parts.append("\n".join([f"## {prefix} {title}", "", "| code | meaning |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
