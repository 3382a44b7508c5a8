"""A text that is known to parse, as tokens that carry the comments and line breaks around them."""

import re
from dataclasses import dataclass, field

_PIECE = re.compile(
    r"""([ \t\n\f]*)(?:
      (//[^\n]*)
    | ("(?:[^"\\\n]|\\[^\n])*"
      | ->|\.\.
      | -?[0-9]+(?:\.[0-9]+|[A-Za-z_][A-Za-z0-9_]*)?
      | [A-Za-z_][A-Za-z0-9_]*
      | [^ \t\n\f])
    | \Z)""",
    re.VERBOSE,
)
OPENERS = frozenset("({[<")


@dataclass(slots=True)
class Comment:
    """A comment on a line of its own; `blank` tells whether an empty line stands before it."""

    text: str
    blank: bool

    @property
    def is_doc(self) -> bool:
        """Whether it is documentation."""
        return is_documentation(self.text)


@dataclass(slots=True)
class Token:
    """One token other than a comma.

    Attributes:
        text: as written, "" at the end of the file.
        comments: those on lines of their own before it.
        first: whether a new line stands before it.
        blank: whether an empty line stands between it and what is before it, be it a comment.
        comma: whether a comma follows.
        trailing: the comment that ends its line, behind its comma if it has one; "" if there is none.
    """

    text: str
    comments: list[Comment] = field(default_factory=list)
    first: bool = False
    blank: bool = False
    comma: bool = False
    trailing: str = ""

    @property
    def begins_with_blank(self) -> bool:
        """Whether an empty line stands before the first of its comments, or before itself if it has none."""
        return self.comments[0].blank if self.comments else self.blank

    @property
    def has_blank(self) -> bool:
        """Whether an empty line stands before it or before one of its comments."""
        return self.blank or any(comment.blank for comment in self.comments)


def is_documentation(comment: str) -> bool:
    """Tell documentation (`///`) from comments (`//`, `////`)."""
    return comment.startswith("///") and not comment.startswith("////")


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text`, whose lines end in LF; the last one is the end of the file.

    Commas are no tokens: which ones are written is the formatter's decision, so comments around them go to the tokens
    before and after.
    """
    tokens: list[Token] = []
    comments: list[Comment] = []
    lines = 0
    for gap, comment, mark in _PIECE.findall(text):
        lines += gap.count("\n")
        if comment:
            _add_comment(comment.rstrip(), lines, tokens, comments)
        elif mark == ",":
            tokens[-1].comma = True
            # What follows on the comma's line trails the token before it.
            lines = 0
            continue
        else:
            tokens.append(Token(mark, comments, bool(lines or comments), _is_blank(lines, tokens, comments)))
            comments = []
            if not mark:
                break
        lines = 0
    return tokens


def _add_comment(text: str, lines: int, tokens: list[Token], comments: list[Comment]) -> None:
    last = tokens[-1] if tokens else None
    trails = not lines and not comments and last is not None and not last.trailing
    if trails and last is not None and not (last.text in OPENERS and is_documentation(text)):
        last.trailing = text
    else:
        comments.append(Comment(text, _is_blank(lines, tokens, comments)))


def _is_blank(lines: int, tokens: list[Token], comments: list[Comment]) -> bool:
    if lines < 2 or not (tokens or comments):
        return False
    # Nothing may come between documentation and what it documents.
    return not is_documentation(comments[-1].text if comments else tokens[-1].trailing)


def content(tokens: list[Token]) -> tuple[list[str], list[str]]:
    """Return what formatting may never change: the tokens, and the comments sorted."""
    found = [comment.text for token in tokens for comment in token.comments]
    found += [token.trailing for token in tokens if token.trailing]
    return [token.text for token in tokens], sorted(found)
