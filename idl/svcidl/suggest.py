"""What a user may have meant."""

import difflib
import heapq
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from svcidl.diagnostics import Edit, Fix
from svcidl.source import Span

_MANY = 2_000
"""Beyond this many candidates a search per misspelt name would no longer be linear in the input."""
_FEW = 32
"""As many candidates are compared letter by letter."""

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


class Spellings:
    """Names that may have been meant, made ready for many questions."""

    def __init__(self, names: Iterable[str]) -> None:
        self._pool = sorted(set(names))[:_MANY]
        self._lowered = {name.lower(): name for name in self._pool}
        self._answers: dict[str, str | None] = {}

    def closest(self, name: str) -> str | None:
        """Return the one most like `name`, None if none is near."""
        if name not in self._answers:
            self._answers[name] = self._lowered.get(name.lower()) or self._near(name)
        return self._answers[name]

    def _near(self, name: str) -> str | None:
        pool = self._pool if len(self._pool) <= _FEW else self._alike(name)
        found = difflib.get_close_matches(name, pool, n=1, cutoff=0.6)
        return found[0] if found else None

    def _alike(self, name: str) -> list[str]:
        """Return the few that share most pairs of letters with `name`: comparing with all takes 10 ms per 1,000."""
        shared = Counter(number for pair in _pairs(name) for number in self._by_pair.get(pair, ()))
        best = heapq.nlargest(_FEW, shared, key=lambda number: shared[number] / (len(name) + len(self._pool[number])))
        return [self._pool[number] for number in sorted(best)]

    @cached_property
    def _by_pair(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, name in enumerate(self._pool):
            for pair in _pairs(name):
                found.setdefault(pair, []).append(number)
        return found


def _pairs(name: str) -> set[str]:
    return {name[index : index + 2] for index in range(len(name) - 1)}


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate most like `name`, None if none is near."""
    return Spellings(candidates).closest(name)


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
