"""What a suppression is about."""

from pathlib import Path

import pytest

from svcidl.lint import Choice, configure, lint
from svcidl.pipeline import check
from svcidl.report import concise

RULES = configure(Choice(only=("L0102", "L0103", "L0104", "L0105", "L0107", "L0113", "L0135", "L0136", "L0145")))


def found(text: str, folder: Path) -> list[str]:
    """Return place and code of every finding."""
    (folder / "a.idl").write_text(text, encoding="utf-8", newline="")
    checked = check([folder / "a.idl"], keep_program=True)
    assert checked.model is not None, concise(checked.diagnostics)
    return [f"{each.span.line} {each.code}" for each in lint(checked, RULES)]


@pytest.mark.parametrize(
    "text",
    [
        "package a.v1\nstruct A { bC: int } // svcgen: allow L0105 why\n",
        "package a.v1\n// svcgen: allow L0104 why\nstruct a { b: int }\n",
        'package a.v1\n// svcgen: allow L0104 why\n\n// more\n/// D.\n@deprecated(\n"use"\n)\nstruct\na { b: int }\n',
        'package a.v1\nservice S {\n// svcgen: allow L0135, L0107 why\nrpc deleteX() -> int\nhttp GET\n"/a"\n}\n',
        'package a.v1\nservice S {\nrpc delete_x() -> int\nhttp GET "/a" // svcgen: allow unsafe-get why\n}\n',
        "package a.v1\nservice S {\nrpc x(\n// svcgen: allow L0105 why\n/// Doc.\nbC: int, c: int)\n}\n",
        "package a.v1\r\n// svcgen: allow L0104 why\r\nstruct a { b: int }\r\n",
        "// svcgen: allow-file L0104,L0105 why\n/// Doc.\npackage a.v1\nstruct a { bC: int }\nstruct b { cD: int }\n",
        "package a.v1\nstruct A {\n  //// svcgen: allow L0105 why\n  bC: int\n}\n",
        "package a.v1\nstruct A {\n//svcgen:allow L0105 why\nbC: int\n}\n",
        'package a.v1\nenum E {\n@deprecated("use b") a, b }\nstruct A {\n// svcgen: allow L0145 why\ne: E =\n a\n}\n',
    ],
)
def test_it_covers_what_begins_below_it_or_its_own_line(text: str, tmp_path: Path) -> None:
    assert found(text, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("package a.v1\n// svcgen: allow L0105 why\nstruct A {\n  bC: int\n}\n", ["2 L0102", "4 L0105"]),
        ("package a.v1\nstruct A { // svcgen: allow L0105 why\n  bC: int\n}\n", ["2 L0102", "3 L0105"]),
        ("package a.v1\nstruct A { bC: int } // svcgen: allow L0104 why\n", ["2 L0105", "2 L0102"]),
        ("package a.v1\nstruct A { bC: int } // svcgen: allow L0105\n", ["2 L0103"]),
        ("package a.v1\nstruct A { bC: int } // svcgen: allow\n", ["2 L0105", "2 L0103"]),
        ("package a.v1\n/// svcgen: allow L0104 why\nstruct a { b: int }\n", ["3 L0104"]),
        ('package a.v1\nstruct A { bC: str = "// svcgen: allow L0105 why" }\n', ["2 L0105"]),
        ("package a.v1\nstruct A { b: int }\n// svcgen: allow L0105 why", ["3 L0102"]),
    ],
)
def test_what_it_does_not_cover(text: str, findings: list[str], tmp_path: Path) -> None:
    assert found(text, tmp_path) == findings


def test_a_suppression_of_a_rule_that_is_off_is_no_finding(tmp_path: Path) -> None:
    assert found("package a.v1\n// svcgen: allow L0149 why\nservice S {}\n", tmp_path) == []
