import re

import pytest

from svcrt.patterns import FORMATS, combined, translated


@pytest.mark.parametrize(
    ("pattern", "taken", "refused"),
    [
        ("^a$", ["a"], ["a\n", "ba"]),
        ("a|b$", ["ax", "b"], ["b\n", "bx"]),
        ("^[$]$", ["$"], ["", "$\n"]),
        (r"^\$$", ["$"], [""]),
        ("^[^]$]$", ["a"], ["]", "$"]),
        (r"^\d\w\s$", ["1a "], ["\u0661a ", "1é "]),
        ("^.$", ["😀"], ["ab"]),
        ("b", ["abc"], ["a"]),
    ],
)
def test_patterns_mean_what_they_mean_in_javascript(pattern: str, taken: list[str], refused: list[str]) -> None:
    regex = re.compile(translated(pattern))
    assert all(map(regex.search, taken))
    assert not any(map(regex.search, refused))


@pytest.mark.parametrize(
    ("name", "taken", "refused"),
    [
        (
            "email",
            ["a@b", "first.last+tag@mail.example.org"],
            ["a", "a@", "@b", "a@b\n", "a b@c", "a@-b", f"{'a' * 251}@b.c", "é@b.c"],
        ),
        (
            "uri",
            ["https://example.org/a?b=c#d", "urn:x:y", "mailto:a@b"],
            ["/a", "x", "http:", "http://a b", "http://a%2"],
        ),
        ("hostname", ["a", "x-1.example.org"], ["", "a.", "-a", "a..b", "a_b", "a" * 64, "a." * 130 + "a", "a\n"]),
    ],
)
def test_formats(name: str, taken: list[str], refused: list[str]) -> None:
    regex = re.compile(FORMATS[name])
    assert all(map(regex.search, taken))
    assert not any(map(regex.search, refused))


def test_a_pattern_and_a_format_hold_together() -> None:
    regex = re.compile(combined(translated("org$"), FORMATS["email"]))
    assert regex.search("a@example.org")
    assert not regex.search("a@example.com")
    assert not regex.search("example.org")
