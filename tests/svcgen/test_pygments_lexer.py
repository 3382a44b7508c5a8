import json
import re
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Error, Keyword, Name

from svcgen.pygments_lexer import KEYWORDS, METHODS, TYPES, SvcgenLexer
from svcidl.cursor import METHODS as KNOWN_METHODS
from svcidl.resolve.program import BUILTIN_TYPES
from svcidl.tokens import WORDS

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*ROOT.glob("generated_examples/**/*.idl"), *ROOT.glob("tests/support/*.idl")])


def test_pygments_finds_it_by_name_and_by_file() -> None:
    assert isinstance(get_lexer_by_name("svcgen"), SvcgenLexer)
    assert isinstance(get_lexer_for_filename("orders.idl", "package a.b\n\nservice S {}"), SvcgenLexer)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_no_example_has_a_piece_without_a_meaning(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = list(SvcgenLexer(ensurenl=False, stripnl=False).get_tokens(text))
    assert "".join(piece for _, piece in tokens) == text
    assert [piece for kind, piece in tokens if kind is Error] == []


def test_a_field_may_be_called_like_a_keyword() -> None:
    tokens = [(kind, piece) for kind, piece in SvcgenLexer().get_tokens("struct A { status: str }") if piece.strip()]
    assert (Keyword, "struct") in tokens
    assert (Name.Attribute, "status") in tokens
    assert (Keyword.Type, "str") in tokens


def test_grammar_lexer_and_editor_know_the_same_words() -> None:
    assert {word.upper() for word in KEYWORDS} == {*WORDS, "CLOSED"}
    assert set(TYPES) == BUILTIN_TYPES
    assert METHODS == KNOWN_METHODS
    grammar = json.loads((ROOT / "editors/vscode/syntaxes/svcgen.tmLanguage.json").read_text(encoding="utf-8"))
    matches = {each["name"]: each.get("match", "") for each in grammar["repository"]["expression"]["patterns"]}
    for name, words in {"keyword.control": KEYWORDS, "support.type": TYPES, "support.constant": METHODS}.items():
        assert re.findall(r"\w+", matches[f"{name}.svcgen"].replace("\\b", " ")) == list(words)
