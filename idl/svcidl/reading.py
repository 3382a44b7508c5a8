"""How far recovery has read: the parse stack, the tokens kept, the body that is open, and where to return to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from svcidl import syntax_errors
from svcidl.automaton import Automaton
from svcidl.tokens import (
    BODY_WORDS,
    MEMBER_WORDS,
    Token,
    begins_declaration,
    begins_entry,
    find_begin,
    lead_end,
    other_body,
)

_LEADLESS = frozenset(("RBRACE", "RPAR", "COMMA", "$END", "ARROW"))
"""What documentation and annotations cannot stand before, whatever follows it."""
_CLOSING = frozenset(("RBRACE", "$END"))
"""After an annotation anything else may be a mistake in its arguments."""


@dataclass(slots=True, kw_only=True)
class State:
    """How far the reading is: the parser's stack, how many tokens were kept, and the body that is open.

    Attributes:
        body: the keyword of the declaration whose braces are open, "" at top level.
        braces: how many are open.
        margin: the column of the declaration whose body is open, or was open last.
        line: the line of its `{`.
    """

    stack: list[int]
    kept: int = 0
    body: str = ""
    braces: int = 0
    margin: int = 1
    line: int = 0

    def copy(self) -> "State":
        """Return one that can go its own way."""
        return replace(self, stack=self.stack.copy())


class Reading:
    """Reads tokens one by one and keeps those that fit.

    Attributes:
        tokens: all of the file; after the last (`$END`) two more of it, so that looking ahead never leaves the list.
        kept: what was read, its length is `state.kept`.
        mark: everything before the token `mark_index` is complete; the state there.
        entry_index: where the field, value, member or declaration before the mark begins.
        outer: the state at the last mark outside of all braces, and that mark's index.
        annotated: the state before the last `@`.
        closed: the state before the `}` that closed the last body, and that token's index.
    """

    def __init__(self, automaton: Automaton, tokens: Sequence[Token]) -> None:
        self.automaton = automaton
        self.tokens = [*tokens, tokens[-1], tokens[-1]]
        self.kept: list[Token] = []
        self.state = State(stack=[automaton.start])
        self.mark = self.state.copy()
        self.mark_index = 0
        self.entry_index = 0
        self.outer = (self.mark, 0)
        self.annotated = self.state
        self.closed: tuple[State, int] | None = None

    @property
    def last(self) -> int:
        """The index of `$END`."""
        return len(self.tokens) - 3

    def read(self, index: int) -> bool:
        """Read the token at `index`; False if it cannot stand here."""
        return self._take(self.tokens[index], index)

    def push(self, token: Token) -> None:
        """Read a token that the file lacks; raises ValueError if it cannot stand here."""
        if not self._take(token, None):
            raise ValueError(f"{token.kind} cannot stand here")

    def _take(self, token: Token, index: int | None) -> bool:
        state = self.state
        closes = token.kind == "RBRACE" and state.braces == 1
        before = state.copy() if closes else None
        if token.kind == "AT":
            self.annotated = state.copy()
        if not self.automaton.feed(state.stack, token.kind):
            return False
        if token.kind == "$END":
            return True
        if token.kind == "LBRACE":
            if state.braces == 0:
                state.body, state.margin = self._opened()
                state.line = token.line
            state.braces += 1
        elif token.kind == "RBRACE":
            state.braces -= 1
            if state.braces == 0:
                state.body = ""
        if before is not None:
            self.closed = None if index is None else (before, index)
        self.kept.append(token)
        state.kept += 1
        return True

    def _opened(self) -> tuple[str, int]:
        """Return the keyword and the column of the declaration whose body begins."""
        end = self.tokens[-1]
        begun = [*self.kept[self.mark.kept :], end, end]
        first = lead_end(begun, 0)
        if begun[first].kind == "CLOSED":
            first += 1
        kind = begun[first].kind
        # `{}` among the arguments of an annotation opens no body.
        return (kind, begun[first].column) if kind in BODY_WORDS else ("", self.state.margin)

    def set_mark(self, index: int) -> None:
        """Remember that everything before the token at `index` is complete."""
        if index > self.mark_index:
            self.entry_index = self.mark_index
        self.mark, self.mark_index = self.state.copy(), index
        if not self.state.body:
            self.outer = (self.mark, index)

    def rewind(self, state: State) -> None:
        """Go back to `state`."""
        self.state = state.copy()
        del self.kept[state.kept :]

    def is_boundary(self, index: int) -> bool:
        """Tell whether what stands before the token at `index` is complete, and it may begin something."""
        state, token = self.state, self.tokens[index]
        if not state.body:
            begins = token.first or token.kind == "$END" or begins_declaration(self.tokens, index)
            return begins and self.automaton.accepts(state.stack, "$END")
        if state.body == "IMPORT":
            return False
        starts = token.named or token.kind in ("DOC", "AT", "RBRACE")
        if state.body == "SERVICE" and token.named:
            starts = token.kind in MEMBER_WORDS or token.kind == "RESERVED" or (token.first and token.kind == "NAME")
        return starts and state.braces == 1 and self.automaton.accepts(state.stack, "RBRACE")

    def leads_nowhere(self, index: int, after: int) -> bool:
        """Tell whether the documentation and annotations from `index` to before `after` stand before nothing."""
        state = self.state
        if self.tokens[index].kind == "AT" and not self.automaton.accepts(state.stack, "AT"):
            return False
        kind, following = self.tokens[after].kind, self.tokens[after + 1].kind
        closing = _LEADLESS if self.tokens[after - 1].kind == "DOC" else _CLOSING
        if kind in closing or (kind == "RESERVED" and following == "LPAR"):
            return True
        if state.body == "SERVICE":
            return state.braces == 1 and kind in ("HTTP", "THROWS") and following != "COLON"
        return not state.body and kind == "IMPORT" and following == "STRING"

    def continues(self, index: int, before: State) -> bool:
        """Tell whether the token at `index` belongs to the body that the `}` before it closed."""
        token, brace = self.tokens[index], self.tokens[index - 1]
        if before.body == "IMPORT":
            return token.kind in ("COMMA", "RBRACE")
        if token.kind == "RBRACE":
            return token.first and not brace.first and before.line < brace.line
        in_line = not brace.first and not token.first and before.line < brace.line
        return in_line or token.kind == "COMMA" or begins_entry(self.tokens, index, before.body)

    def missing_token(self, kind: str, index: int) -> Token:
        """Return a token that is missing before the one at `index`, standing right after the one before."""
        place = self.tokens[index - 1] if index else self.tokens[index]
        text = syntax_errors.MARKS.get(kind, kind.lower())
        column = place.column + place.end - place.start
        return Token(kind=kind, text=text, start=place.end, end=place.end, line=place.line, column=column, first=False)

    def meant_body(self) -> str | None:
        """Return the keyword that should stand before this body, if its first entry belongs to one of another kind."""
        first = self.mark.braces == 1 and self.kept[self.mark.kept - 1].kind == "LBRACE"
        return other_body(self.tokens, self.mark_index, self.mark.body) if first else None

    def next_begin(self) -> int:
        """Return where the next thing begins behind the one that begins at the mark."""
        start, mark = self.mark_index, self.mark
        # What stands before a declaration belongs to it: reading goes on after its first word at the earliest.
        begin = lead_end(self.tokens, start) + 1
        return find_begin(self.tokens, begin, body=mark.body, margin=mark.margin)
