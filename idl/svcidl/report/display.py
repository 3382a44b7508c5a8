"""How text looks on a terminal: what may be printed of it, and how many cells it takes."""

import unicodedata

TAB = "    "
"""What a tab is shown as: how wide a terminal makes one depends on where it stands, and carets could not follow."""

_FORMATTING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows: the line would look other than it is (CVE-2021-42574)."""
_MAX_ASCII = 0x7F


def visible(text: str) -> str:
    """Return `text` with its control characters as symbols: a file must not give orders to the reader's terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def width(text: str) -> int:
    """Return the number of cells that `text`, made visible, takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _visible(character: str) -> str:
    if character == "\t":
        return TAB
    if character in _FORMATTING:
        return "\ufffd"
    if unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp"):
        return character
    number = ord(character)
    # U+2400 to U+2421 are pictures of the controls of ASCII.
    return chr(0x2400 + number) if number < 0x20 else "\u2421" if number == _MAX_ASCII else "\ufffd"


def _cells(character: str) -> int:
    # Unicode Standard Annex #11: wide and fullwidth characters take two cells; marks join what stands before them.
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
