"""The three forms of a report."""

import json
from pathlib import Path

import pytest

from svcidl import report
from svcidl.pipeline import check

TEXT = "package acme.orders.v1\nenum OrderStatus { placed }\nstruct Order {\n  status: OrderStatos = placed\n}\n"


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.idl").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("in_folder")
def test_full() -> None:
    checked = check(["orders.idl"])
    lines = report.full(checked.diagnostics, checked.sources).splitlines()
    assert lines[:2] == ["error[E0201]: unknown type `OrderStatos`", "  --> orders.idl:4:11"]
    assert "4 |   status: OrderStatos = placed" in lines
    assert any("^^^^^^^^^^^ no type of this name in `acme.orders.v1` or its imports" in line for line in lines)
    assert any("help: did you mean `OrderStatus`? (orders.idl:2:6)" in line for line in lines)
    assert lines[-1] == "error: 1 error in 1 file"


@pytest.mark.usefixtures("in_folder")
def test_concise_and_json() -> None:
    diagnostics = check(["orders.idl"]).diagnostics
    assert report.concise(diagnostics) == "orders.idl:4:11: error[E0201]: unknown type `OrderStatos`"
    fields = json.loads(report.as_json(diagnostics))
    assert (fields["code"], fields["severity"], fields["line"], fields["column"]) == ("E0201", "error", 4, 11)
    assert (fields["end_line"], fields["end_column"], fields["schema"]) == (4, 22, 1)
