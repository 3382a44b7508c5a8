"""Every fixture of the compiler reports exactly what stands beside it: names that meet in Python (E0213)."""

from pathlib import Path

import pytest

from fixture_cases import case_names, check_case, lay_out, report_of
from svcgen.pipeline import check_files

FIXTURES = Path(__file__).with_name("fixtures")


@pytest.mark.parametrize("case", case_names(FIXTURES))
def test_fixture(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(FIXTURES, case, tmp_path)
    monkeypatch.chdir(tmp_path)
    checked = check_case(check_files, case)
    assert report_of(checked) == (FIXTURES / f"{case}.expected").read_text(encoding="utf-8")
    assert {found.code for found in checked.diagnostics} == {"E0213"}
    assert all(found.help for found in checked.diagnostics)
