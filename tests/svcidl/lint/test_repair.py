"""Fixing goes on until nothing is left to fix, and never leaves a broken contract."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from svcidl.diagnostics import Edit
from svcidl.lint import DEFAULT, lint, repair, run
from svcidl.lint.fixes import apply_edits
from svcidl.lint.repair import RepairError
from svcidl.lint.rule import Problem, Rule, replacement
from svcidl.lint.rules import RULES
from svcidl.pipeline import Checked, check
from svcidl.source import SourceFile


def checker(*paths: Path) -> repair.Check:
    def again(texts: Mapping[str, str]) -> Checked:
        return check(paths, texts=texts, keep_program=True)

    return again


def test_edits_are_carried_out_in_any_order() -> None:
    source = SourceFile("a", "a", "0123456789")
    edits = [
        Edit(span=source.span(8, 9), text=""),
        Edit(span=source.span(2, 2), text="-"),
        Edit(span=source.span(3, 5), text="xyz"),
    ]
    assert apply_edits(source.text, edits) == "01-2xyz5679"


def test_what_a_fix_uncovers_is_fixed_too_and_files_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.idl"
    text = (
        '\ufeffpackage a.v1\r\nimport "b.idl" { A, B, C } // svcgen: allow L0112 why\r\n'
        'import "b.idl" { D, E as E, F }\r\nstruct S { e: E, password: str }\r\n'
    )
    path.write_bytes(text.encode())
    (tmp_path / "b.idl").write_text("package b.v1\n" + "".join(f"struct {n} {{ x: int }}\n" for n in "ABCDEF"))
    repaired = repair.repair(checker(path), DEFAULT)
    assert repaired.findings == ()
    assert repaired.count == 4
    assert repaired.texts == {
        str(path): 'package a.v1\r\nimport "b.idl" { A, B, C } // svcgen: allow L0112 why\r\n'
        'import "b.idl" { E }\r\nstruct S { e: E, @sensitive password: str }\r\n'
    }
    assert path.read_bytes() == text.encode()
    assert lint(repaired.checked) == ()


def test_a_contract_with_errors_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "a.idl"
    path.write_text("package a.v1\nstruct S { password: str, x: Nothing }\n")
    repaired = repair.repair(checker(path), DEFAULT)
    assert (repaired.texts, repaired.count, repaired.findings) == ({}, 0, ())
    assert repaired.checked.model is None


@pytest.mark.parametrize(
    ("text", "problem"), [("}", "a fix broke .*a.idl:1: "), ("package a.v1 ", "the fixes find no end")]
)
def test_a_rule_with_a_wrong_fix_is_told(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.idl"
    path.write_text("package a.v1\n")
    wrong = Rule(
        page=RULES[0].page,
        find=lambda context: [
            Problem(
                span=unit.tree.span, message="wrong", fixes=replacement("spoil it", unit.tree.span, text, is_safe=True)
            )
            for unit in context.units
        ],
    )
    monkeypatch.setattr(run, "RULES", (wrong,))
    with pytest.raises(RepairError, match=problem):
        repair.repair(checker(path), DEFAULT)


def test_the_program_must_have_been_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.idl"
    path.write_text("package a.v1\n")
    with pytest.raises(ValueError, match="keep_program"):
        lint(check([path]))
