"""One line per finding: for people, for programs, for GitHub Actions."""

import json

from svcidl import report
from svcidl.diagnostics import Diagnostic, Edit, Fix, Note, at_file
from svcidl.source import SourceFile

FILE = SourceFile("a.idl", "/a.idl", "package a.v1\nstruct S {\n  status: Statos\n}\n")
FOUND = Diagnostic(
    code="E0201", message="unknown type `Statos`", span=FILE.span(34, 40), label="here", help=("did you mean `State`?",)
)


def test_concise() -> None:
    changed = Diagnostic(code="B0101", message="gone", span=FOUND.span, category="WIRE")
    assert report.concise([FOUND, changed]) == (
        "a.idl:3:11: error[E0201]: unknown type `Statos`\na.idl:3:11: error[B0101]: gone (WIRE)"
    )


def test_json_has_what_the_language_says() -> None:
    assert json.loads(report.as_json([FOUND])) == {
        "code": "E0201",
        "severity": "error",
        "file": "a.idl",
        "line": 3,
        "column": 11,
        "end_line": 3,
        "end_column": 17,
        "message": "unknown type `Statos`",
        "help": ["did you mean `State`?"],
        "schema": 1,
    }


def test_json_of_what_has_more_to_say() -> None:
    where = {"file": "a.idl", "line": 1, "column": 1, "end_line": 1, "end_column": 8}
    span = FILE.span(0, 7)
    fix = Fix(message="remove it", edits=(Edit(span=span, text=""),), is_safe=True)
    found = Diagnostic(
        code="L0102", message="m", span=span, notes=(Note(message="n", span=span),), fixes=(fix,), category="C"
    )
    fields = json.loads(report.as_json([found]))
    assert (fields["severity"], fields["category"]) == ("warning", "C")
    assert fields["notes"] == [{"message": "n", **where}]
    assert fields["fixes"] == [{"message": "remove it", "is_safe": True, "edits": [{**where, "text": ""}]}]


def test_json_is_one_object_per_line_whatever_a_message_holds() -> None:
    odd = Diagnostic(code="E0206", message="a\nb\u2028c “d”", span=at_file("ä\n.idl"))
    assert [json.loads(line)["message"] for line in report.as_json([odd, FOUND]).split("\n")] == [
        odd.message,
        FOUND.message,
    ]


def test_github() -> None:
    assert report.github([FOUND]) == (
        "::error title=E0201,file=a.idl,line=3,endLine=3,col=11,endColumn=17"
        "::unknown type `Statos`%0Ahelp: did you mean `State`?"
    )


def test_github_escapes_what_would_end_a_property_or_a_command() -> None:
    found = Diagnostic(code="L0102", message="100 %\r\n::error::x", span=at_file("a,b:c%/d\n.idl"))
    assert report.github([found]) == ("::warning title=L0102,file=a%2Cb%3Ac%25/d%0A.idl::100 %25%0D%0A::error::x")


def test_github_takes_no_columns_of_several_lines() -> None:
    found = Diagnostic(code="B0101", message="m", span=FILE.span(13, 42), category="WIRE")
    assert report.github([found]) == "::error title=B0101 (WIRE),file=a.idl,line=2,endLine=4::m"
