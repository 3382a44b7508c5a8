"""docs/linting.md is what the rules make."""

from pathlib import Path

from svcidl.lint import lint
from svcidl.lint.reference import reference
from svcidl.pipeline import check

PAGE = Path(__file__).parents[3] / "docs" / "linting.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: python -m svcidl.lint > docs/linting.md"


def test_the_suppressions_on_the_page_are_good_ones(tmp_path: Path) -> None:
    block = reference().partition("```idl\n")[2].partition("```")[0]
    (tmp_path / "a.idl").write_text(f"package a.v1\n\n{block}")
    checked = check([tmp_path / "a.idl"], keep_program=True)
    assert lint(checked) == ()
    without = block.replace("svcgen:", "")
    (tmp_path / "a.idl").write_text(f"package a.v1\n\n{without}")
    found = lint(check([tmp_path / "a.idl"], keep_program=True))
    assert [each.code for each in found] == ["L0117", "L0105", "L0118"]
