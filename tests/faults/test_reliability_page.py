"""docs/reliability.md names a test for each promise: every one of them exists."""

import ast
import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_TEXT = (_ROOT / "docs/reliability.md").read_text(encoding="utf-8")
_NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", _TEXT)))


def test_it_names_tests() -> None:
    assert len(_NAMED) > 80
    # A name in another form would be believed unread.
    assert len(re.findall(r"\.py::", _TEXT)) == len(re.findall(r"`[\w/]+\.py::test_\w+`", _TEXT))


@pytest.mark.parametrize("file", sorted({file for file, _ in _NAMED}))
def test_every_test_that_it_names_exists(file: str) -> None:
    tree = ast.parse((_ROOT / "tests" / file).read_text(encoding="utf-8"))
    there = {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert {name for each, name in _NAMED if each == file} <= there
