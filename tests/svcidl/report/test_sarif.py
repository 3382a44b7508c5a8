"""The format `sarif` is valid by the schema of the standard, and says the same as the others."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from svcidl.codes import CODES
from svcidl.diagnostics import Diagnostic, Edit, Fix, Note, at_file
from svcidl.explanation import Explanation, example
from svcidl.explanations import explain
from svcidl.pipeline import check
from svcidl.report.sarif import sarif
from svcidl.source import SourceFile

SVCIDL = Path(__file__).parents[1]
FOLDER = "/home/me/my project"
FILE = SourceFile("a.idl", "/a.idl", 'package a.v1\nstruct S { a: str = "😀", b: T }\n')


@cache
def validator() -> Draft4Validator:
    return Draft4Validator(json.loads((SVCIDL / "data" / "sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")))


def log(*diagnostics: Diagnostic) -> Any:
    """Return the one run of a valid log."""
    document = json.loads(sarif(diagnostics, explain=explain, tool_version="1.2.3", folder=FOLDER))
    validator().validate(document)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    return run


def uri(path: str) -> dict[str, str]:
    (result,) = log(Diagnostic(code="E0206", message="m", span=at_file(path)))["results"]
    (location,) = result["locations"]
    assert "region" not in location["physicalLocation"]
    found: dict[str, str] = location["physicalLocation"]["artifactLocation"]
    return found


def test_the_schema_refuses_what_is_wrong() -> None:
    document = json.loads(sarif([], explain=explain, tool_version="1", folder=FOLDER))
    document["runs"][0]["columnKind"] = "cells"
    assert not validator().is_valid(document)


def test_without_findings_there_is_a_run_without_results() -> None:
    run = log()
    assert run["results"] == []
    assert run["tool"]["driver"]["version"] == "1.2.3"
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": "file:///home/me/my%20project/"}}


def test_a_result_names_its_rule_and_its_region_in_code_points() -> None:
    start = FILE.text.index("T }")
    found = Diagnostic(code="E0201", message="unknown type `T`", span=FILE.span(start, start + 1), help=("write it",))
    run = log(found, Diagnostic(code="E0108", message="m", span=FILE.span(0, 7)))
    assert run["columnKind"] == "unicodeCodePoints"
    result = run["results"][0]
    assert (result["ruleId"], result["level"]) == ("E0201", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "E0201"
    assert result["message"]["text"] == "unknown type `T`\nhelp: write it"
    region = result["locations"][0]["physicalLocation"]["region"]
    # One code point, two code units: the letter in the string counts once.
    assert region == {"startLine": 2, "startColumn": 29, "endLine": 2, "endColumn": 30}


def test_rules_carry_their_pages() -> None:
    (rule,) = log(Diagnostic(code="L0101", message="m", span=FILE.span(0, 7)))["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == CODES["L0101"]
    assert "Right:\n\n```idl\n" in rule["help"]["markdown"]
    assert rule["defaultConfiguration"]["level"] == "warning"


def test_a_rule_with_a_name_a_fix_a_note_and_a_category() -> None:
    page = Explanation(
        code="B0101",
        name="field-removed",
        tags=("WIRE",),
        title="t",
        meaning="m",
        wrong=example("a"),
        right=example("b"),
        remedy="r",
    )
    span = FILE.span(0, 7)
    fix = Fix(message="put it back", edits=(Edit(span=span, text="x"), Edit(span=FILE.span(8, 8), text="y")))
    found = Diagnostic(
        code="B0101", message="m", span=span, notes=(Note(message="old", span=span),), fixes=(fix,), category="WIRE"
    )
    document = json.loads(sarif([found], explain=lambda _code: page, tool_version="1", folder=FOLDER))
    validator().validate(document)
    run = document["runs"][0]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["name"], rule["properties"]["tags"]) == ("FieldRemoved", ["WIRE"])
    (result,) = run["results"]
    assert result["properties"] == {"category": "WIRE"}
    assert result["relatedLocations"][0]["message"]["text"] == "old"
    (change,) = result["fixes"][0]["artifactChanges"]
    assert [each["insertedContent"]["text"] for each in change["replacements"]] == ["x", "y"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.idl", "a.idl"),
        ("./contracts//a.idl", "contracts/a.idl"),
        ("my contracts/ä#?%:b.idl", "my%20contracts/%C3%A4%23%3F%25%3Ab.idl"),
        ("b\udcff.idl", "b%FF.idl"),
        ("x/../a.idl", "a.idl"),
    ],
)
def test_paths_inside_of_the_folder_are_relative(path: str, expected: str) -> None:
    assert uri(path) == {"uri": expected, "uriBaseId": "%SRCROOT%"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/a b.idl", "file:///srv/a%20b.idl"),
        ("../a.idl", "file:///home/me/a.idl"),
        ("../../../../a.idl", "file:///a.idl"),
    ],
)
def test_paths_outside_of_it_are_absolute(path: str, expected: str) -> None:
    assert uri(path) == {"uri": expected}


def test_the_log_of_all_fixtures_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SVCIDL / "fixtures")
    names = sorted(path.name for path in Path().glob("*.idl"))
    diagnostics = [found for name in names for found in check([name]).diagnostics]
    run = log(*diagnostics)
    assert [result["ruleId"] for result in run["results"]] == [found.code for found in diagnostics]
