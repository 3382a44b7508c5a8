"""Every code has a whole page, and docs/diagnostics.md is what the pages make."""

from importlib.resources import files
from pathlib import Path

import pytest

from svcidl import explanations
from svcidl.codes import CODES
from svcidl.explanations import as_text, explain, reference, titles

PAGE = Path(__file__).parents[2] / "docs" / "diagnostics.md"


def test_the_reference_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: python -m svcidl.explanations > docs/diagnostics.md"


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    pages = {file.name.removesuffix(".md") for file in files(explanations).iterdir() if file.name.endswith(".md")}
    assert pages == set(CODES)


@pytest.mark.parametrize("code", titles())
def test_a_page_is_whole(code: str) -> None:
    page = explain(code)
    assert page.title == titles()[code]
    assert len(page.meaning) > 40
    assert page.remedy
    assert "```" not in page.meaning + page.remedy
    for example in (page.wrong, page.right):
        assert example.startswith("```idl\n")
        assert example.endswith("\n```")
    assert "```" not in as_text(page)
    assert max(map(len, as_text(page).splitlines())) <= 124


def test_a_page_on_a_terminal() -> None:
    text = as_text(explain("E0215"))
    assert text.startswith("E0215: A file imports itself.\n\nA file imports itself. All its names")
    assert "\n\nWrong:\n\n    // orders.idl\n    package shop.v1\n" in text
    assert text.endswith("\n\nRemove the import and use the names directly.")


def test_an_unknown_code() -> None:
    with pytest.raises(KeyError):
        explain("E9999")
