import ast
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcgen import source_text

# A model holds no half of a surrogate pair: its files are valid UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts)
def test_string_is_read_back(text: str) -> None:
    assert ast.literal_eval(source_text.string(text)) == text
    assert source_text.string(text).isprintable()


@given(st.binary())
def test_bytes_are_read_back(value: bytes) -> None:
    assert ast.literal_eval(source_text.bytes_literal(value)) == value


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_number_is_read_back(value: float) -> None:
    assert ast.literal_eval(source_text.number(value)) == value


@given(texts, texts)
def test_f_string_gives_its_text_and_values(before: str, after: str) -> None:
    source = source_text.f_string([before, ("value", "class_"), after])
    assert eval(source, {"class_": 7}) == f"{before}7{after}"


@pytest.mark.parametrize(
    ("pieces", "source"),
    [
        (["no order ", ("value", "id")], 'f"no order {id}"'),
        (['say "hi" {x}'], "'say \"hi\" {x}'"),
        (["{", ("value", "id"), "}"], 'f"{{{id}}}"'),
    ],
)
def test_f_string(pieces: list[str | tuple[str, str]], source: str) -> None:
    assert source_text.f_string(pieces) == source


@given(texts)
def test_docstring_keeps_the_lines(text: str) -> None:
    lines = source_text.clean_lines(text)
    if not lines:
        with pytest.raises(ValueError, match="needs text"):
            source_text.docstring(text, 4)
        return
    literal = ast.literal_eval(source_text.docstring(text, 4))
    assert [line.strip() for line in inspect.cleandoc(literal).split("\n")] == [line.strip() for line in lines]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Plain.", '"""Plain."""'),
        ('"', '""" " """'),
        ('say "hi"', '"""say "hi" """'),
        ('three """', '"""three \\"\\"\\" """'),
        ("ends \\", '"""ends \\\\"""'),
        (" First.\n\n   Then.\n", '"""First.\n\n      Then.\n    """'),
        ("bell \x07", '"""bell \\x07"""'),
    ],
)
def test_docstring(text: str, source: str) -> None:
    assert source_text.docstring(text, 4) == source


def test_summary_is_the_first_paragraph_on_one_line() -> None:
    assert source_text.summary("\n One\n two.\n\n Three.") == "One two."
    assert source_text.summary(" \n") == ""


def test_comment_stays_on_its_line() -> None:
    assert source_text.comment("a\nb.idl") == "a\\x0ab.idl"
