"""Fixes carry out what the remedy says: with them applied, the finding is gone."""

from pathlib import Path

import pytest

from fixture_cases import case_names, check_case, lay_out
from svcidl.diagnostics import Diagnostic, Fix
from svcidl.pipeline import check

FIXTURES = Path(__file__).with_name("fixtures")


def apply(fix: Fix) -> None:
    for edit in sorted(fix.edits, key=lambda each: -each.span.start):
        path = Path(edit.span.file)
        text = path.read_text(encoding="utf-8-sig")
        path.write_text(text[: edit.span.start] + edit.text + text[edit.span.end :], encoding="utf-8")


def identity(found: Diagnostic) -> tuple[str, str]:
    return found.code, found.message


@pytest.mark.parametrize("case", case_names(FIXTURES))
def test_a_fix_removes_its_finding(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "look").mkdir()
    lay_out(FIXTURES, case, tmp_path / "look")
    monkeypatch.chdir(tmp_path / "look")
    for number, found in enumerate(check_case(check, case).diagnostics):
        for fix in found.fixes:
            folder = tmp_path / f"{number}"
            folder.mkdir()
            lay_out(FIXTURES, case, folder)
            monkeypatch.chdir(folder)
            before = [identity(each) for each in check_case(check, case).diagnostics]
            apply(fix)
            after = [identity(each) for each in check_case(check, case).diagnostics]
            assert after.count(identity(found)) < before.count(identity(found)), fix.message


def test_there_are_fixes_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = set()
    for case in (
        "e0201_declared_in_include",
        "e0201_unknown",
        "e0201_file_not_imported",
        "e0601_unknown",
        "e0207_not_there",
    ):
        (tmp_path / case).mkdir()
        lay_out(FIXTURES, case, tmp_path / case)
        monkeypatch.chdir(tmp_path / case)
        messages |= {fix.message for found in check_case(check, case).diagnostics for fix in found.fixes}
    assert messages >= {
        "write `Status`",
        "write `sensitive`",
        "write `places.City`",
        "import `Address`, too",
        'write `import "money.idl" { Money }`',
        'write `import "billing.idl" as billing`',
    }
