"""What a user may have meant."""

import difflib
from collections.abc import Iterable

from svcidl.diagnostics import Edit, Fix
from svcidl.source import Span

_MANY = 2_000
"""Beyond this many candidates a search per misspelt name would no longer be linear in the input."""

FOREIGN_TYPES = {
    "string": "str",
    "text": "str",
    "integer": "int",
    "long": "int",
    "int32": "int",
    "int64": "int",
    "double": "float",
    "number": "float",
    "boolean": "bool",
    "datetime": "timestamp",
    "timedelta": "duration",
    "array": "list",
    "sequence": "list",
    "dict": "map",
    "mapping": "map",
    "object": "any",
    "json": "any",
    "blob": "bytes",
    "optional": "T?",
}
"""What other languages and Python call the built-in types, in lower case: spelling alone would suggest another one."""


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `name`, None if none is near."""
    pool = sorted(set(candidates))[:_MANY]
    lowered = {candidate.lower(): candidate for candidate in pool}
    if name.lower() in lowered:
        return lowered[name.lower()]
    found = difflib.get_close_matches(name, pool, n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Return the help line for a misspelt name, none if nothing is near."""
    found = closest(name, candidates)
    return (f"did you mean `{found}`?",) if found else ()


def replacement(span: Span, text: str) -> Fix:
    """Return the fix that writes `text` instead of what stands at `span`."""
    return Fix(message=f"write `{text}`", edits=(Edit(span=span, text=text),))


def fixes(name: str, candidates: Iterable[str], span: Span) -> tuple[Fix, ...]:
    """Return the fix that goes with `did_you_mean`, none if nothing is near."""
    found = closest(name, candidates)
    return (replacement(span, found),) if found else ()
