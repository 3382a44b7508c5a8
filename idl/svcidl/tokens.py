"""Tokens for recovery, and what a row of them looks like it begins."""

from collections.abc import Sequence
from dataclasses import dataclass

from svcidl.suggest import closest

DECLARATION_WORDS = frozenset(("ALIAS", "ENUM", "CLOSED", "STRUCT", "UNION", "ERROR", "EVENT", "SERVICE"))
MEMBER_WORDS = frozenset(("RPC", "ONEWAY", "PUBLISHES", "SUBSCRIBES", "USES", "ROUTE", "SOCKET", "TIMER"))
BODY_WORDS = frozenset(("ENUM", "STRUCT", "ERROR", "EVENT", "SERVICE", "IMPORT"))
"""Keywords of what has braces."""
_MEMBER_SPELLINGS = tuple(word.lower() for word in MEMBER_WORDS)
WORDS = (
    DECLARATION_WORDS
    | MEMBER_WORDS
    | {"PACKAGE", "IMPORT", "AS", "RESERVED", "THROWS", "HTTP", "BODY", "STATUS", "RECEIVES", "SENDS", "EVERY"}
    | {"CRON", "TZ", "STREAM"}
)
_WITH_FIELDS = frozenset(("STRUCT", "ERROR", "EVENT"))
_OPENERS = frozenset(("LBRACE", "EQUAL", "LPAR"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token: its terminal, its text and place; `first` tells whether it begins its line.

    `faulty` marks what stands in for text that could not be read.
    """

    kind: str
    text: str
    start: int
    end: int
    line: int
    column: int
    first: bool
    faulty: bool = False

    @property
    def named(self) -> bool:
        """Whether it can be a name: every keyword can."""
        return self.kind == "NAME" or self.kind in WORDS


def lead_end(tokens: Sequence[Token], index: int) -> int:
    """Return the index after the documentation and annotations that start at `index`."""
    while True:
        if tokens[index].kind == "DOC":
            index += 1
        elif tokens[index].kind == "AT" and tokens[index + 1].named:
            index = _arguments_end(tokens, index + 2)
        else:
            return index


def _arguments_end(tokens: Sequence[Token], index: int) -> int:
    """Return the index after `(…)` at `index`, or `index` if there is none that closes within a few lines."""
    if tokens[index].kind != "LPAR":
        return index
    depth = 0
    for position in range(index, min(index + 64, len(tokens))):
        depth += {"LPAR": 1, "RPAR": -1}.get(tokens[position].kind, 0)
        if depth == 0:
            return position + 1
    return index


def begins_declaration(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether a declaration begins at `index`, with what stands before it."""
    index = lead_end(tokens, index)
    if tokens[index].kind == "CLOSED" and tokens[index + 1].kind in ("ENUM", "UNION"):
        index += 1
    words = tokens[index : index + 3]
    return len(words) == 3 and words[0].kind in DECLARATION_WORDS and words[1].named and words[2].kind in _OPENERS


def begins_entry(tokens: Sequence[Token], index: int, body: str) -> bool:
    """Tell whether a field, value or member begins at `index` in a body of the kind `body`."""
    index = lead_end(tokens, index)
    first, second = tokens[index], tokens[min(index + 1, len(tokens) - 1)]
    if first.kind == "RESERVED" and second.kind == "LPAR":
        return True
    if body == "SERVICE":
        meant = first.kind == "NAME" and first.first and closest(first.text, _MEMBER_SPELLINGS) is not None
        return (first.kind in MEMBER_WORDS or meant) and second.named
    if body == "ENUM":
        return first.named and (second.named or second.kind in ("EQUAL", "COMMA", "RBRACE", "DOC", "AT"))
    return first.named and second.kind == "COLON"


def find_begin(tokens: Sequence[Token], start: int, *, body: str, margin: int) -> int:
    """Return the index at or after `start` where the next field, value, member or declaration begins.

    Args:
        tokens: all of the file, after `$END` at least two more of it.
        start: where to begin to look.
        body: the keyword of the declaration whose body is open, "" at top level.
        margin: the column of that declaration.
    """
    depth = 0
    last = len(tokens) - 3
    for index in range(start, last):
        token = tokens[index]
        at_margin = token.first and token.column <= margin
        is_out = at_margin or (token.first and not body and depth <= 0)
        if is_out and begins_declaration(tokens, index):
            return index
        if body and depth == 0 and token.first and begins_entry(tokens, index, body):
            return index
        if not body and token.first and token.kind == "IMPORT" and tokens[index + 1].kind == "STRING":
            return index
        if token.kind == "LBRACE":
            depth += 1
        elif token.kind == "RBRACE":
            # A `{` too many may stand before it: what is at the margin closes the body nevertheless.
            if body and (at_margin or (depth == 0 and _ends_line(tokens, index))):
                return index
            depth = max(0, depth - 1)
    return last


def other_body(tokens: Sequence[Token], index: int, body: str) -> str | None:
    """Return the keyword of the body of what begins at `index`, None if that is `body` or not known."""
    if begins_entry(tokens, index, body):
        return None
    first = lead_end(tokens, index)
    if body != "SERVICE" and begins_entry(tokens, index, "SERVICE"):
        return "SERVICE"
    if body not in _WITH_FIELDS and begins_entry(tokens, index, "STRUCT"):
        return "STRUCT"
    is_value = tokens[first].named and tokens[first + 1].kind == "COMMA"
    return "ENUM" if body != "ENUM" and is_value else None


def body_end(tokens: Sequence[Token], start: int, margin: int) -> int:
    """Return the index after the body in which `start` stands, whose declaration begins in the column `margin`."""
    depth = 0
    last = len(tokens) - 3
    for index in range(start, last):
        token = tokens[index]
        at_margin = token.first and token.column <= margin
        if at_margin and begins_declaration(tokens, index):
            return index
        depth += {"LBRACE": 1, "RBRACE": -1}.get(token.kind, 0)
        if token.kind == "RBRACE" and (at_margin or depth < 0):
            return index + 1
    return last


def _ends_line(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether the `}` at `index` may close a body: the last of its line, or what follows begins something."""
    after = tokens[index + 1]
    return after.first or after.kind == "$END" or tokens[index].first or begins_declaration(tokens, index + 1)
