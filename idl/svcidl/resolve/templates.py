"""The message template of an error: literal text and fields in braces, `{{` and `}}` for braces themselves."""

import re

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


class BadTemplate(Exception):
    """A brace, which is the message, has no partner; `start` is its place in the text."""

    def __init__(self, brace: str, start: int) -> None:
        super().__init__(brace)
        self.start = start


def read_template(text: str) -> list[tuple[bool, str]]:
    """Return the pieces of a template: (is a field, its name or the text); raises BadTemplate."""
    pieces: list[tuple[bool, str]] = []
    for found in _PIECE.finditer(text):
        piece, name = found.group(), found.group(1)
        if name is not None:
            pieces.append((True, name))
        elif piece in "{}":
            raise BadTemplate(piece, found.start())
        else:
            literal = piece[0] if piece in ("{{", "}}") else piece
            if pieces and not pieces[-1][0]:
                pieces[-1] = (False, pieces[-1][1] + literal)
            else:
                pieces.append((False, literal))
    return pieces
