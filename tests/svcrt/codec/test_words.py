import pytest

from svcrt.codec import words
from svcrt.codec.faults import render
from svcrt.generated import INT64_MAX, INT64_MIN, Digits, Pattern


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.whole_number(INT64_MIN, INT64_MAX), "a whole number of at most 64 bits"),
        (words.whole_number(1, INT64_MAX), "a whole number of at least 1"),
        (words.whole_number(INT64_MIN, 9), "a whole number of at most 9"),
        (words.whole_number(1, 9), "a whole number from 1 to 9"),
        (words.text(None, None, None), "text"),
        (words.text(4, 4, None), "text of 4 characters"),
        (words.text(1, 1, None), "text of 1 character"),
        (words.text(0, 1, None), "text of 0 to 1 character"),
        (words.text(2, None, None), "text of at least 2 characters"),
        (words.text(None, 1, Pattern("^a$").pattern), "text of at most 1 character that matches `^a$`"),
        (words.text(None, None, Pattern("^a", format="uri").pattern), "an absolute URI and text that matches `^a`"),
        (
            words.decimal(Digits(5, 2, ge="0")),
            "a decimal number, written as text, with at most 3 digits before and 2 after the point, of at least 0",
        ),
        (words.one_of(["a"]), "`a`"),
        (words.one_of([str(n) for n in range(22)])[-18:], "`19` or one of 2 more"[-18:]),
    ],
)
def test_what_is_right_is_said_plainly(said: str, expected: str) -> None:
    assert said == expected


def test_paths_are_readable_and_short() -> None:
    assert render(None) == "$"
    assert render((((None, "lines"), 3), "quantity")) == "$.lines[3].quantity"
    assert render((None, 'a "b"')) == '$["a \\"b\\""]'
    assert render((None, "a\nb\u202e")) == '$["a\\nb\\u202e"]'
    assert len(render((None, "x" * 10_000))) < 80
