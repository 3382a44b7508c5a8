"""Good files, damaged by one token: one message, at or next to the damage. Several mistakes: as many messages."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from svcidl.diagnostics import Diagnostic
from token_damage import ROOT, Damage, copy_of, damages, errors_of, good_files, has_syntax_error, is_near

FILES = good_files()
EVERY = 67
"""One damage of so many is tried in the quick walk, other ones in each file."""


def _walk(path: Path, copy: Path, every: int, first: int) -> Iterator[tuple[Damage, list[Diagnostic]]]:
    """Give the damages of one file that are syntax errors, with what is told of them."""
    good = path.read_text(encoding="utf-8")
    for damage in itertools.islice(damages(good), first, None, every):
        errors = errors_of(copy, damage.of(good))
        if has_syntax_error(errors):
            yield damage, errors
    copy.write_text(good, encoding="utf-8")


def _told(path: Path, damage: Damage, errors: list[Diagnostic]) -> str | None:
    """Return what is wrong with what is told, None if it is one message at its place."""
    good = path.read_text(encoding="utf-8")
    if len(errors) == 1 and is_near(damage, good, errors[0].span.line):
        return None
    line = good.count("\n", 0, damage.start) + 1
    told = [f"{found.span.line} {found.code} {found.message}" for found in errors]
    return f"{path.name}:{line} {damage.how} at `{good[damage.start : damage.end]}`: {told}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_one_damage_one_message(path: Path, tmp_path: Path) -> None:
    copy = copy_of(path, tmp_path)
    assert errors_of(copy, path.read_text(encoding="utf-8")) == []
    walked = _walk(path, copy, EVERY, FILES.index(path))
    assert [wrong for damage, errors in walked if (wrong := _told(path, damage, errors))] == []


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_fourth_damage_of_all_files(tmp_path: Path) -> None:
    tried = 0
    wrong: list[str] = []
    for path in FILES:
        for damage, errors in _walk(path, copy_of(path, tmp_path), 4, 0):
            tried += 1
            told = _told(path, damage, errors)
            wrong += [told] if told else []
    # What is left: two readings of the damaged text are equally good, and the other one was meant.
    assert tried > 5_000
    assert len(wrong) <= tried // 250, "\n".join(wrong)


def _declarations(index: int) -> str:
    return f"""
/// Thing {index}.
struct Thing{index} {{
  id: uuid
  name: str(1..40) = "x"
  tags: list<str>(..5)
}}

enum Kind{index} {{ small, large{index} = "L" }}

service Things{index} {{
  @timeout(5s)
  rpc get(id: uuid, limit: int = 3) -> list<int>
    http GET "/things{index}/{{id}}"
  timer sweep every 30s
}}
"""


@pytest.mark.parametrize("count", [2, 3, 5, 8])
@pytest.mark.parametrize("seed", range(5))
def test_independent_damages_give_as_many_messages(count: int, seed: int, tmp_path: Path) -> None:
    random = Random(f"{count} {seed}")
    copy = tmp_path / "many.idl"
    parts = []
    for index in range(count):
        good = _declarations(index)
        tried = [*damages(good)]
        random.shuffle(tried)
        # What is told of it alone must be one message: the walk above looks after that.
        alone = (damage.of(good) for damage in tried if damage.start > 30)
        parts.append(next(text for text in alone if _is_one_mistake(copy, text)))
        parts.append(f"\nstruct Between{index} {{ a: int }}\n")
    errors = errors_of(copy, "package many.v1\n" + "".join(parts))
    assert len(errors) == count, [f"{found.span.line} {found.message}" for found in errors]


def _is_one_mistake(copy: Path, text: str) -> bool:
    errors = errors_of(copy, f"package many.v1\n{text}\nstruct Last {{ a: int }}\n")
    return len(errors) == 1 and has_syntax_error(errors)
