"""docs/diagnostics.md is what the table of codes makes."""

from pathlib import Path

from svcidl.codes import CODES, page

PAGE = Path(__file__).parents[2] / "docs" / "diagnostics.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m svcidl.codes > docs/diagnostics.md"


def test_every_code_is_on_the_page() -> None:
    assert all(f"| {code} | {meaning} |" in page() for code, meaning in CODES.items())


def test_the_example_of_the_reference_is_the_one_that_is_checked() -> None:
    text = (PAGE.parent / "language.md").read_text(encoding="utf-8")
    example = (Path(__file__).with_name("example") / "orders.idl").read_text(encoding="utf-8")
    assert f"```\n{example}```" in text
