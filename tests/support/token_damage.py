"""Good IDL files, damaged one token at a time: what recovery is tried on."""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from svcidl.diagnostics import Diagnostic, Severity
from svcidl.pipeline import check

ROOT = Path(__file__).resolve().parents[2]
_TOKEN = re.compile(
    r"///[^\r\n]*|//[^\r\n]*|\"(?:[^\"\\\r\n]|\\.)*\"|-?[0-9]+(?:\.[0-9]+)?[A-Za-z_0-9]*|[A-Za-z_]\w*|->|\.\.|[^\s\w]"
)
REPLACEMENTS = ("x", "struct", "rpc", "{", "}", "(", ")", ",", ":", "=", '"s"', "7", "@", "->", "<", ">", "?", "|", ".")
"""What stands in for a token, or before it: one of each kind that the grammar knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One token removed, doubled, replaced or put in; `start` and `end` are offsets of the good text."""

    how: str
    start: int
    end: int
    text: str

    def of(self, good: str) -> str:
        """Return the damaged text."""
        return good[: self.start] + self.text + good[self.end :]


def good_files() -> list[Path]:
    """Return every IDL file of the repository that has no error, in a fixed order."""
    folders = ("generated_examples", "benchmarks", "tests/support", "tests/svcgen", "tests/svcidl/example")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.idl"))
    clean = (ROOT / "tests/svcidl/fixtures").glob("clean_*.idl")
    return sorted((*found, *clean))


def token_spans(text: str) -> list[tuple[int, int]]:
    """Return the offsets of the tokens of a good text, comments left out."""
    found = (match for match in _TOKEN.finditer(text))
    return [match.span() for match in found if not re.match(r"//(?!/[^/]|/$)", match.group())]


def damages(text: str) -> Iterator[Damage]:
    """Give every damage of `text` by one token, in the order of the text."""
    for number, (start, end) in enumerate(token_spans(text)):
        token = text[start:end]
        line_end = "\n" if token.startswith("///") else ""
        yield Damage(how="remove", start=start, end=end, text=_apart(text, start, end, ""))
        yield Damage(how="double", start=end, end=end, text=f"{line_end} {token}")
        for step in range(2):
            other = REPLACEMENTS[(number + step * 7) % len(REPLACEMENTS)]
            if other != token:
                yield Damage(how=f"replace by {other}", start=start, end=end, text=_apart(text, start, end, other))
                yield Damage(how=f"insert {other}", start=start, end=start, text=f"{other} ")


def _apart(text: str, start: int, end: int, other: str) -> str:
    """Return what stands in for `text[start:end]`, so that it grows together with nothing beside it."""
    words = re.compile(r"[\w-]")
    before, after = text[start - 1 : start], text[end : end + 1]
    if not other:
        return " " if words.match(before) and words.match(after) else ""
    return (" " if words.match(before) else "") + other + (" " if words.match(after) else "")


def copy_of(path: Path, folder: Path) -> Path:
    """Copy a good file into `folder`, with the files beside it, which it may import; return the copy."""
    target = folder / path.parent.relative_to(ROOT)
    if not target.exists():
        others = [*path.parent.rglob("*.idl")]
        for other in others:
            place = target / other.relative_to(path.parent)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(other, place)
    return target / path.name


def errors_of(copy: Path, text: str) -> list[Diagnostic]:
    """Return the errors that are told of a file once `text` stands in it."""
    copy.write_text(text, encoding="utf-8")
    return [found for found in check([copy]).diagnostics if found.severity is Severity.ERROR]


def has_syntax_error(errors: Sequence[Diagnostic]) -> bool:
    """Tell whether one of them is of the grammar: other damage is a contract, if a wrong one."""
    return any(found.code.startswith("E01") for found in errors)


def is_near(damage: Damage, good: str, line: int) -> bool:
    """Tell whether a line of the damaged text is that of the damage, or of one of the next tokens on either side."""
    spans = token_spans(good)
    before = [end for _, end in spans if end <= damage.start][-_NEXT:]
    after = [start for start, _ in spans if start >= damage.end][:_NEXT]
    first = good.count("\n", 0, before[0] if before else 0) + 1
    moved = damage.text.count("\n") - good.count("\n", damage.start, damage.end)
    last = good.count("\n", 0, after[-1] if len(after) == _NEXT else len(good)) + 1 + moved
    return first <= line <= last


_NEXT = 6
