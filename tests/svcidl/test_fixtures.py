"""Every fixture reports exactly what stands beside it, and together they raise every code of the language."""

from pathlib import Path

import pytest

from svcidl.codes import CODES
from svcidl.pipeline import check
from svcidl.report import concise

FIXTURES = Path(__file__).with_name("fixtures")
CASES = sorted(path.stem for path in FIXTURES.glob("*.idl"))


@pytest.mark.parametrize("case", CASES)
def test_fixture(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES)
    checked = check([f"{case}.idl"])
    assert concise(checked.diagnostics) == (FIXTURES / f"{case}.expected").read_text(encoding="utf-8").rstrip("\n")
    assert (checked.model is None) == ("error[" in concise(checked.diagnostics))


def test_every_code_is_raised() -> None:
    raised = "".join(path.read_text(encoding="utf-8") for path in FIXTURES.glob("*.expected"))
    # E0206 is about paths of a command (test_loader); E0213 and the G family are raised by the compiler.
    elsewhere = {"E0206", "E0213", *(code for code in CODES if code.startswith("G"))}
    missing = {code for code in CODES if f"[{code}]" not in raised} - elsewhere
    assert missing == set()
