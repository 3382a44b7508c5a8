"""Text of others for a person's terminal: nothing in it that a terminal would obey, and nothing that cannot be sent."""

import json


def one_line(text: str) -> str:
    """Return `text` with what a terminal would obey, line ends among it, as escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def lines(text: str) -> str:
    """Return `text` as `one_line` does, but with its line ends and tabs."""
    return "".join(char if char in "\n\t" else one_line(char) for char in text)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return plain data as JSON that stays the same data; `indent` spreads it over lines."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    # JSON escapes no C1 control (U+009B begins a command), and a lone surrogate cannot be written as UTF-8. What is
    # not printable can only stand within a string, but for the line ends of the layout.
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
