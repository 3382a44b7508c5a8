"""The table [lint] of svcgen.toml."""

from pathlib import Path

import pytest

from svcgen.lint_settings import LintSettingsError, read_lint_settings
from svcidl.lint import Choice


def test_it_is_read_from_the_current_folder_or_where_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_lint_settings() == Choice()
    Path("svcgen.toml").write_text('services = ["a:B"]\n')
    assert read_lint_settings() == Choice()
    Path("other.toml").write_text('[lint]\nselect = ["L0149"]\nignore = ["all"]\n')
    assert read_lint_settings(Path("other.toml")) == Choice(select=("L0149",), ignore=("all",))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('lint = "L0149"', "`lint` must be a table; write it as `[lint]`"),
        ('[lint]\nselects = ["L0149"]', "unknown key `selects` in `[lint]`; there are `only`, `select` and `ignore`"),
        ('[lint]\nselect = "L0149"', '`select` of `[lint]` must be a list of rules, as ["missing-owner"]'),
        ("[lint]\nselect = [1]", '`select` of `[lint]` must be a list of rules, as ["missing-owner"]'),
        ("[lint", "is not valid TOML: "),
        ("\udcff", "is not UTF-8 text (byte 0)"),
    ],
)
def test_mistakes(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "svcgen.toml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(LintSettingsError) as raised:
        read_lint_settings(path)
    assert str(raised.value).startswith(f"{path}: {problem}")


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(LintSettingsError, match="cannot be read: No such file"):
        read_lint_settings(tmp_path / "none.toml")
