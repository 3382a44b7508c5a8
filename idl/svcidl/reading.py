"""How far recovery has read: the parse stack, the tokens kept, the body that is open, and where to return to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from svcidl.automaton import Automaton
from svcidl.tokens import BODY_WORDS, MEMBER_WORDS, Token, begins_declaration, lead_end


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
