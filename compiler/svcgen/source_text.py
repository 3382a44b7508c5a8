"""Python source for values: string, bytes and number literals, f-strings and docstrings, as a formatter leaves them."""

import re
import textwrap
from collections.abc import Iterable

_BACKSLASH = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def string(text: str) -> str:
    """Return a string literal: double quotes unless single ones need fewer escapes."""
    quote = _quote(text)
    return f"{quote}{_escaped(text, quote)}{quote}"


def bytes_literal(value: bytes) -> str:
    """Return a bytes literal; what is not printable ASCII is escaped."""
    text = value.decode("latin-1")
    quote = _quote(text)
    shown = "".join(_escaped(char, quote) if char.isascii() else f"\\x{ord(char):02x}" for char in text)
    return f"b{quote}{shown}{quote}"


def number(value: int | float) -> str:
    """Return a number literal without the `+` that `repr` puts into large exponents."""
    return repr(value).replace("e+", "e")


def f_string(pieces: Iterable[str | tuple[str, str]]) -> str:
    """Return a string literal of literal text and values.

    Args:
        pieces: text as str; a value as `("value", expression)`, the expression an identifier.
    """
    parts = list(pieces)
    literal = "".join(piece for piece in parts if isinstance(piece, str))
    if all(isinstance(piece, str) for piece in parts):
        return string(literal)
    quote = _quote(literal)
    shown = (
        _escaped(piece, quote).replace("{", "{{").replace("}", "}}") if isinstance(piece, str) else f"{{{piece[1]}}}"
        for piece in parts
    )
    return f"f{quote}{''.join(shown)}{quote}"


def docstring(text: str, indent: int) -> str:
    """Return `text` as a docstring that starts at column `indent` (0-based); the first line is not indented.

    Raises:
        ValueError: there is no text.
    """
    lines = clean_lines(text)
    if not lines:
        raise ValueError("a docstring needs text")
    safe = [_doc_escaped(line) for line in lines]
    # Formatters part the text from the quotes where the text itself starts or ends with one.
    safe[0] = f" {safe[0]}" if safe[0].startswith('"') else safe[0]
    if len(safe) == 1:
        return f'"""{safe[0]} """' if safe[0].endswith('"') else f'"""{safe[0]}"""'
    margin = " " * indent
    body = "\n".join(f"{margin}{line}".rstrip() for line in safe[1:])
    return f'"""{safe[0]}\n{body}\n{margin}"""'


def clean_lines(text: str) -> list[str]:
    """Return the lines of a documentation comment: common indentation, outer blank lines, trailing blanks removed."""
    lines = [line.expandtabs(4).rstrip() for line in text.replace("\r", "\n").split("\n")]
    lines = textwrap.dedent("\n".join(lines)).split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    if lines:
        lines[0] = lines[0].lstrip()
    return lines


def summary(text: str) -> str:
    """Return the first paragraph of a documentation comment on one line, "" if there is none."""
    paragraph: list[str] = []
    for line in clean_lines(text):
        if not line.strip():
            break
        paragraph.append(line.strip())
    return " ".join(paragraph)


def comment(text: str) -> str:
    """Return `text` fit for a comment: on one line, printable."""
    return "".join(char if char.isprintable() else _control(char) for char in text)


def _quote(text: str) -> str:
    return "'" if text.count('"') > text.count("'") else '"'


def _escaped(text: str, quote: str) -> str:
    return "".join(f"\\{char}" if char == quote else _visible(char) for char in text)


def _visible(char: str) -> str:
    if char in _BACKSLASH:
        return _BACKSLASH[char]
    return char if char.isprintable() else _control(char)


def _control(char: str) -> str:
    point = ord(char)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def _doc_escaped(line: str) -> str:
    shown = "".join(_visible(char) for char in line)
    return re.sub(r'"{3,}', lambda quotes: '\\"' * len(quotes.group()), shown)
