"""docs/linting.md is what the rules make."""

from pathlib import Path

from svcidl.lint.reference import reference

PAGE = Path(__file__).parents[3] / "docs" / "linting.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: python -m svcidl.lint > docs/linting.md"
