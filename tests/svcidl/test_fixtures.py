"""Every fixture reports exactly what stands beside it, and together they raise every code of the language."""

import re
from pathlib import Path

import pytest

from fixture_cases import case_names, check_case, lay_out, report_of
from svcidl.codes import CODES
from svcidl.diagnostics import Severity
from svcidl.pipeline import Checked, check

FIXTURES = Path(__file__).with_name("fixtures")
CASES = case_names(FIXTURES)


@pytest.fixture
def checked(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checked:
    lay_out(FIXTURES, case, tmp_path)
    monkeypatch.chdir(tmp_path)
    return check_case(check, case)


@pytest.mark.parametrize("case", CASES)
def test_fixture(case: str, checked: Checked) -> None:
    assert report_of(checked) == (FIXTURES / f"{case}.expected").read_text(encoding="utf-8")
    assert (checked.model is None) == any(found.severity is Severity.ERROR for found in checked.diagnostics)
    if re.match("[el][0-9]{4}_", case):
        assert case[:5].upper() in {found.code for found in checked.diagnostics}
    for found in checked.diagnostics:
        # What helps against a syntax error is, as a rule, what it says is missing.
        assert found.help or found.code.startswith("E01"), found.message
        assert "\n" not in found.message


def test_every_code_is_raised() -> None:
    raised = "".join(path.read_text(encoding="utf-8") for path in FIXTURES.glob("*.expected"))
    # E0213 is raised by the compiler: tests/svcgen/fixtures.
    assert {code for code in CODES if f"[{code}]" not in raised} - {"E0213"} == set()


def test_there_are_pairs_enough() -> None:
    assert len(CASES) >= 150
