"""The shipped parse tables are those of the grammar."""

from lark import Lark

from svcidl import parser
from svcidl.grammar import GRAMMAR, TABLES
from svcidl.source import SourceFile


def test_the_tables_are_fresh() -> None:
    # The header names the grammar's digest; the rest holds sets, whose order differs from run to run.
    header = parser.build_tables().split(b"\n", 1)[0]
    assert TABLES.read_bytes().split(b"\n", 1)[0] == header, "run: python -m svcidl.grammar"


def test_the_grammar_has_no_conflict() -> None:
    Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", lexer="basic", start="file", strict=True)


def test_parsing_alone() -> None:
    parsed = parser.parse(SourceFile("a.idl", "a.idl", "package a.b\nstruct A { a: int }\n"))
    assert parsed.diagnostics == ()
    assert parsed.tree is not None
    assert parsed.tree.package.text == "a.b"
