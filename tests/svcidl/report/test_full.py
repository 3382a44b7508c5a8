"""The format for people: lines, marks and remedies stand where they are meant to."""

from pathlib import Path

import pytest

from svcidl import report
from svcidl.diagnostics import Diagnostic, Note, at_file
from svcidl.source import SourceFile

TEXT = "package acme.orders.v1\nenum OrderStatus { placed }\nstruct Order {\n  status: OrderStatos = placed\n}\n"


def source(text: str, path: str = "orders.idl") -> SourceFile:
    return SourceFile(path, f"/{path}", text)


def draw(text: str, start: str, end: str = "", *, columns: int = 80, label: str = "") -> list[str]:
    """Return the rows of a finding that reaches from the text `start` to the end of the text `end`."""
    file = source(text)
    first = text.index(start)
    last = text.index(end, first) + len(end) if end else first + len(start)
    found = Diagnostic(code="E0201", message="m", span=file.span(first, last), label=label)
    return report.full([found], {file.path: file}, columns=columns).splitlines()[2:-2]


def test_one_finding_is_drawn_as_the_language_says() -> None:
    file = source("\n" * 22 + "  status: Statos = placed\n")
    start = file.text.index("Statos")
    found = Diagnostic(
        code="E0201",
        message="unknown type `Statos`",
        span=file.span(start, start + 6),
        label="no type of this name in `acme.orders.v1` or its imports",
        help=("did you mean `OrderStatus`? (orders.idl:10:6)",),
    )
    warning = Diagnostic(code="L0101", message="stray", span=file.span(0, 0))
    assert report.full([found], {file.path: file}) == (
        "error[E0201]: unknown type `Statos`\n"
        "  --> orders.idl:23:11\n"
        "   |\n"
        "23 |   status: Statos = placed\n"
        "   |           ^^^^^^ no type of this name in `acme.orders.v1` or its imports\n"
        "   |\n"
        "   = help: did you mean `OrderStatus`? (orders.idl:10:6)\n"
        "\n"
        "error: 1 error in 1 file"
    )
    assert report.full([found, warning, found], {}).endswith("\n\nerror: 2 errors, 1 warning in 1 file")
    assert report.full([warning], {}).endswith("\n\nwarning: 1 warning in 1 file")
    assert report.full([], {}) == ""


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\ta:\tX", "    a:    X"),
        ('a: str = "日本語", b: X', 'a: str = "日本語", b: X'),
        ('a: str = "e\u0301", b: X', 'a: str = "e\u0301", b: X'),
        ('a: str = "\x1b[31m", b: X', 'a: str = "␛[31m", b: X'),
        ('a: str = "\u202e", b: X', 'a: str = "\ufffd", b: X'),
    ],
)
def test_marks_stand_under_their_place_however_wide_what_precedes_is(line: str, shown: str) -> None:
    rows = draw(line, "X")
    assert rows[1] == f"1 | {shown}"
    cells = {"日": 2, "本": 2, "語": 2, "\u0301": 0}
    ahead = sum(cells.get(character, 1) for character in shown[: shown.index("X")])
    assert rows[2] == f"  | {' ' * ahead}^"


def test_wide_characters_are_underlined_whole() -> None:
    assert draw("enum 注文 { a }", "注文")[2] == "  |      ^^^^"


def test_a_piece_of_several_lines_has_a_bar() -> None:
    text = "struct A {\n  @timeout(\n    5s,\n  )\n  a: int\n}\n"
    assert draw(text, "@timeout", ")", label="here") == [
        "  |",
        "2 | /   @timeout(",
        "3 | |     5s,",
        "4 | |   )",
        "  | |___^ here",
    ]


def test_a_piece_that_begins_within_its_line_shows_where() -> None:
    assert draw("rpc a(\n  b: int,\n)\n", "(", ")") == [
        "  |",
        "1 |   rpc a(",
        "  |  ______^",
        "2 | |   b: int,",
        "3 | | )",
        "  | |_^",
    ]


def test_of_a_long_piece_its_middle_is_left_out() -> None:
    text = "\n".join(["struct A {", *(f"  f{number}: int" for number in range(20)), "}"])
    assert draw(text, "struct", "}") == [
        "   |",
        " 1 | / struct A {",
        " 2 | |   f0: int",
        " 3 | |   f1: int",
        "   | | …",
        "22 | | }",
        "   | |_^",
    ]


def test_a_piece_that_ends_with_its_line_does_not_show_the_next_one() -> None:
    assert draw("struct A\nstruct B", "struct A\n") == ["  |", "1 | struct A", "  | ^^^^^^^^"]


@pytest.mark.parametrize("ahead", [0, 30, 200, 1000])
@pytest.mark.parametrize("behind", [0, 30, 1000])
@pytest.mark.parametrize("letter", ["a", "語"])
def test_a_long_line_is_cut_around_the_place(ahead: int, behind: int, letter: str) -> None:
    rows = draw(f"{letter * ahead} NOPE {letter * behind}", "NOPE", columns=60)
    cells = [sum(2 if character == "語" else 1 for character in row) for row in rows]
    assert max(cells) <= 60
    before = rows[1][: rows[1].index("NOPE")]
    assert len(rows[2]) - len("NOPE") == sum(2 if character == "語" else 1 for character in before)
    assert rows[2].endswith(" ^^^^")


def test_a_note_shows_its_own_line_where_its_file_is_known() -> None:
    new, old = source("id: int\n", "new.idl"), source("\n" * 99 + "id: str\n", "old.idl")
    note = Note(message="it was this", span=old.span(103, 106))
    found = Diagnostic(code="B0102", message="changed", span=new.span(4, 7), notes=(note,), category="WIRE")
    assert report.full([found], {"new.idl": new, "old.idl": old}).splitlines()[1:-2] == [
        "   --> new.idl:1:5",
        "    |",
        "  1 | id: int",
        "    |     ^^^",
        "   ::: old.idl:100:5",
        "    |",
        "100 | id: str",
        "    |     --- it was this",
        "    |",
        "    = note: category WIRE",
    ]
    assert "  = note: it was this (old.idl:100:5)" in report.full([found], {"new.idl": new})


def test_a_file_as_a_whole_is_not_quoted() -> None:
    found = Diagnostic(code="E0206", message="cannot read `a.idl`", span=at_file("a.idl"), help=("look again",))
    assert report.full([found], {"a.idl": source("text", "a.idl")}).splitlines()[:-2] == [
        "error[E0206]: cannot read `a.idl`",
        " --> a.idl:1:1",
        "  = help: look again",
    ]


def test_what_the_end_of_a_file_lacks_is_shown_there() -> None:
    text = "package a.v1\nstruct S {"
    file = source(text)
    found = Diagnostic(code="E0102", message="m", span=file.span(len(text), len(text)))
    assert report.full([found], {file.path: file}).splitlines()[3:5] == ["2 | struct S {", "  |           ^"]


def test_colours_do_not_change_the_text() -> None:
    file = source(TEXT)
    found = Diagnostic(
        code="E0201",
        message="m",
        span=file.span(60, 71),
        label="l",
        help=("h",),
        notes=(Note(message="n", span=file.span(0, 7)),),
    )
    roles = set()

    def paint(text: str, role: str) -> str:
        roles.add(role)
        return f"<{role}>{text}</{role}>"

    painted = report.full([found], {file.path: file}, paint=paint)
    assert roles == {"error", "title", "gutter", "help", "note"}
    for role in roles:
        painted = painted.replace(f"<{role}>", "").replace(f"</{role}>", "")
    assert painted == report.full([found], {file.path: file})


def test_paths_with_controls_are_made_visible(tmp_path: Path) -> None:
    assert "a␊b.idl:1:1" in report.full([Diagnostic(code="E0206", message="m", span=at_file("a\nb.idl"))], {})
