"""Every rule has a pair of files: comparing them finds what stands beside them, comparing one with itself nothing."""

from pathlib import Path

import pytest

from svcidl.compat import RULES, compare
from svcidl.model import Model
from svcidl.pipeline import check
from svcidl.report import concise

FIXTURES = Path(__file__).parents[1] / "compat_fixtures"
CASES = sorted(path.name for path in FIXTURES.iterdir())
CODES = [rule.code for rule in RULES]


def read(path: str) -> Model:
    checked = check([path])
    assert checked.model is not None, concise(checked.diagnostics)
    return checked.model


@pytest.mark.parametrize("case", CASES)
def test_a_change_gives_what_stands_beside_it(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES / case)
    found = compare(read("old.idl"), read("new.idl"))
    assert concise(found) == Path("expected").read_text(encoding="utf-8").rstrip("\n")
    for each in found:
        assert each.help
        assert [note.span.file for note in each.notes] == ["old.idl"]
    assert case.partition("_")[0] in {each.code for each in found} or case.startswith("nothing_")


@pytest.mark.parametrize("case", CASES)
def test_no_change_gives_nothing(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES / case)
    for file in ("old.idl", "new.idl"):
        assert compare(read(file), read(file)) == ()


def test_every_rule_has_a_fixture_and_a_code_and_a_name_of_its_own() -> None:
    assert {case for case in CASES if not case.startswith("nothing_")} == set(CODES)
    assert sorted(set(CODES)) == CODES
    assert len({rule.page.name for rule in RULES}) == len(RULES)
