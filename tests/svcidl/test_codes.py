"""The table of codes is complete in itself."""

from pathlib import Path

from svcidl.codes import CODES, FAMILIES


def test_every_code_belongs_to_one_family() -> None:
    assert all(sum(code.startswith(prefix) for prefix in FAMILIES) == 1 for code in CODES)


def test_the_example_of_the_reference_is_the_one_that_is_checked() -> None:
    docs = Path(__file__).parents[2] / "docs"
    text = (docs / "language.md").read_text(encoding="utf-8")
    example = (Path(__file__).with_name("example") / "orders.idl").read_text(encoding="utf-8")
    assert f"```\n{example}```" in text
