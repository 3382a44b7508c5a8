"""Every rule of the linter has a fixture, which finds exactly what stands beside it and is repaired as it says."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from svcidl.lint import Choice, configure, lint
from svcidl.lint.known import KNOWN
from svcidl.lint.repair import repair
from svcidl.pipeline import Checked, check
from svcidl.report import concise

FIXTURES = Path(__file__).with_name("lint_fixtures")
CASES = sorted(path.stem for path in FIXTURES.glob("*.idl"))
# What a suppression hides is found by a rule beside those about suppressions.
BESIDE = {"L0102": ("L0104", "L0105", "L0117"), "L0103": ("L0105",)}


def chosen(case: str) -> Choice:
    code = case[:5].upper()
    return Choice(only=(code, *BESIDE.get(code, ())))


@pytest.mark.parametrize("case", CASES)
def test_fixture(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES)
    checked = check([f"{case}.idl"], keep_program=True)
    assert checked.model is not None, concise(checked.diagnostics)
    found = lint(checked, configure(chosen(case)))
    assert concise(found) == (FIXTURES / f"{case}.expected").read_text(encoding="utf-8").rstrip("\n")
    assert all(each.help for each in found)


@pytest.mark.parametrize("case", CASES)
def test_what_fixes_make_of_it(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES)

    def again(texts: Mapping[str, str]) -> Checked:
        return check([f"{case}.idl"], texts=texts, keep_program=True)

    repaired = repair(again, configure(chosen(case)))
    fixed = FIXTURES / f"{case}.fixed"
    assert repaired.texts == ({f"{case}.idl": fixed.read_text(encoding="utf-8")} if fixed.exists() else {})
    assert bool(repaired.count) == fixed.exists()


def test_every_rule_has_a_fixture_that_raises_it() -> None:
    raised = set(re.findall(r"\[(L\d{4})\]", "".join(path.read_text() for path in FIXTURES.glob("*.expected"))))
    assert raised == set(KNOWN)


def test_every_rule_that_says_so_can_be_fixed_and_no_other() -> None:
    from svcidl.lint.known import PAGES

    fixed = {path.stem[:5].upper() for path in FIXTURES.glob("*.fixed")}
    assert fixed - {"L0101"} == {page.code for page in PAGES if "fixable" in page.tags}
