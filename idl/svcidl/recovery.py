"""The second pass over a file that does not parse: find every syntax error, and mend the tokens so that they parse.

It reads the file's tokens with the parse table alone and decides, at each error, in this order: a missing `}` before
a declaration at the margin; a misspelt keyword; one missing mark; one token too many; else it gives up this field,
value, member or declaration and goes on at the next. What was given up is told by name to the later stages.
"""

import re
from dataclasses import dataclass, replace

from svcidl import syntax_errors
from svcidl.automaton import Automaton
from svcidl.diagnostics import Diagnostic
from svcidl.source import SourceFile, Span
from svcidl.suggest import closest
from svcidl.tokens import DECLARATION_WORDS, MEMBER_WORDS, WORDS, Token, begins_declaration, begins_entry, lead_end

_LOOKAHEAD = 4
"""Tokens that must be readable after a mend."""
_FAR = 16
"""Tokens read to choose among several mends."""
_INSERTED = (
    "COMMA",
    "COLON",
    "RPAR",
    "RANGLE",
    "RBRACKET",
    "ARROW",
    "EQUAL",
    "LBRACE",
    "LPAR",
    "AS",
    "EVERY",
    "RBRACE",
)
MAX_ERRORS = 100
"""A file with more is no IDL file; the rest is not told."""
_LEADLESS = frozenset(("RBRACE", "RPAR", "COMMA", "$END", "ARROW"))
"""What documentation and annotations cannot stand before, whatever follows it."""
_ANY_NAME = "*"
"""Stands among lost names for a declaration whose own name is missing: it may have been any."""
_CLOSING = frozenset(("RBRACE", "$END"))
"""After an annotation anything else may be a mistake in its arguments."""
_EXPONENT = re.compile(r"[eE][0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """Tokens that parse, None where too much is wrong; the findings; the names in what was left out."""

    tokens: tuple[Token, ...] | None
    diagnostics: tuple[Diagnostic, ...]
    lost: frozenset[str]


@dataclass(slots=True, kw_only=True)
class _State:
    """How far the reading is: the parser's stack, how many tokens were kept, and the body that is open.

    Attributes:
        body: the keyword of the declaration whose braces are open, "" at top level.
        braces: how many are open.
        margin: the column of the declaration whose body is open.
    """

    stack: list[int]
    kept: int = 0
    body: str = ""
    braces: int = 0
    margin: int = 1

    def copy(self) -> "_State":
        return replace(self, stack=self.stack.copy())


def mend(automaton: Automaton, source: SourceFile, tokens: list[Token], fault_lines: frozenset[int]) -> Mended:
    """Return what could be made of a file that does not parse; the last token is `$END`.

    `fault_lines` are those on which something could not be read: a second error there may follow from it.
    """
    return _Recovery(automaton, source, tokens, fault_lines).run()


class _Recovery:
    def __init__(
        self, automaton: Automaton, source: SourceFile, tokens: list[Token], fault_lines: frozenset[int]
    ) -> None:
        self._automaton = automaton
        self._source = source
        # Two more ends, so that looking a token or two ahead never leaves the list.
        self._tokens = [*tokens, tokens[-1], tokens[-1]]
        self._last = len(tokens) - 1
        self._fault_lines = fault_lines
        self._kept: list[Token] = []
        self._found: list[Diagnostic] = []
        self._lost: set[str] = set()
        self._state = _State(stack=[automaton.start])
        self._mark = self._state.copy()
        """Where to return to: everything before the token `_mark_index` is complete."""
        self._mark_index = 0
        self._mended = -1
        """The mark after which something was mended: one more error there may be its consequence."""

    def run(self) -> Mended:
        self._supply_package()
        index = 0
        while index <= self._last and len(self._found) < MAX_ERRORS:
            index = self._step(index)
        tokens = tuple(self._kept) if index > self._last else None
        return Mended(tokens=tokens, diagnostics=tuple(self._found), lost=frozenset(self._lost))

    def _supply_package(self) -> None:
        index = 0
        while self._tokens[index].kind == "DOC":
            index += 1
        token = self._tokens[index]
        if token.kind == "PACKAGE":
            return
        if token.kind == "NAME" and self._tokens[index + 1].named and closest(token.text, ("package", "namespace")):
            self._found.append(syntax_errors.misspelt(token.text, "package", self._span(token)))
            self._tokens[index] = replace(token, kind="PACKAGE")
            return
        self._found.append(syntax_errors.missing_package(self._span(token)))
        if token.named and self._tokens[index + 1].kind == "DOT":
            self._tokens.insert(index, replace(token, kind="PACKAGE", text="package", end=token.start))
            self._last += 1
        else:
            self._push_package()

    def _push_package(self) -> None:
        for kind, text in (("PACKAGE", "package"), ("NAME", "unknown")):
            self._push(Token(kind=kind, text=text, start=0, end=0, line=1, column=1, first=False))

    # --- reading ------------------------------------------------------------------

    def _step(self, index: int) -> int:
        """Read the token at `index`, or mend; return the index to go on with."""
        token, state = self._tokens[index], self._state
        if state.body and token.first and token.column <= state.margin and begins_declaration(self._tokens, index):
            return self._close_body(index)
        if token.kind in ("DOC", "AT"):
            after = lead_end(self._tokens, index)
            if after > index and self._leads_nowhere(after):
                return self._drop_lead(index, after)
        if self._is_boundary(token):
            self._set_mark(index)
        if self._mend_exponent(index):
            return index + 1
        if token.faulty:
            self._give_up(index, silent=True)
            return self._mark_index
        trial = state.stack.copy()
        if not self._automaton.feed(trial, token.kind):
            return self._mend(index)
        state.stack = trial
        if token.kind != "$END":
            self._keep(token)
        return index + 1

    def _push(self, token: Token) -> None:
        if not self._automaton.feed(self._state.stack, token.kind):
            raise ValueError(f"{token.kind} cannot stand here")
        self._keep(token)

    def _keep(self, token: Token) -> None:
        """Keep a token that was read, and follow the braces."""
        state = self._state
        if token.kind == "LBRACE":
            if state.braces == 0:
                state.body, state.margin = self._opened()
            state.braces += 1
        elif token.kind == "RBRACE":
            state.braces -= 1
            if state.braces == 0:
                state.body = ""
        del self._kept[state.kept :]
        self._kept.append(token)
        state.kept += 1

    def _opened(self) -> tuple[str, int]:
        """Return the keyword and the column of the declaration whose body begins."""
        end = self._tokens[self._last]
        begun = [*self._kept[self._mark.kept : self._state.kept], end, end]
        first = lead_end(begun, 0)
        if begun[first].kind == "CLOSED":
            first += 1
        return begun[first].kind, begun[first].column

    def _is_boundary(self, token: Token) -> bool:
        """Tell whether what stands before `token` is complete, and `token` may begin something."""
        state = self._state
        if not state.body:
            return (token.first or token.kind == "$END") and self._automaton.accepts(state.stack, "$END")
        starts = token.named or token.kind in ("DOC", "AT", "RBRACE")
        if state.body == "SERVICE" and token.named:
            starts = token.kind in MEMBER_WORDS or token.kind == "RESERVED" or (token.first and token.kind == "NAME")
        return starts and state.braces == 1 and self._automaton.accepts(state.stack, "RBRACE")

    def _set_mark(self, index: int) -> None:
        self._mark, self._mark_index = self._state.copy(), index

    def _span(self, token: Token) -> Span:
        return self._source.span(token.start, token.end)

    def _kinds(self, index: int, count: int) -> list[str]:
        return [token.kind for token in self._tokens[index : min(index + count, self._last + 1)]]

    # --- what stands before a declaration ------------------------------------------

    def _leads_nowhere(self, after: int) -> bool:
        kind, following = self._tokens[after].kind, self._tokens[after + 1].kind
        closing = _LEADLESS if self._tokens[after - 1].kind == "DOC" else _CLOSING
        if kind in closing or (kind == "RESERVED" and following == "LPAR"):
            return True
        if self._state.body == "SERVICE":
            return self._state.braces == 1 and kind in ("HTTP", "THROWS") and following != "COLON"
        return not self._state.body and kind == "IMPORT" and following == "STRING"

    def _drop_lead(self, index: int, after: int) -> int:
        lead = self._tokens[index:after]
        annotation = next((token for token in lead if token.kind == "AT"), None)
        if self._tokens[after].kind == "RESERVED":
            self._found.append(syntax_errors.lead_of_reserved(self._span(lead[0])))
        elif annotation is not None:
            self._found.append(syntax_errors.stray_annotation(self._span(annotation)))
        else:
            self._found.append(syntax_errors.stray_documentation(self._span(lead[0])))
        return after

    # --- mending ---------------------------------------------------------------------

    def _close_body(self, index: int) -> int:
        """A declaration begins at the margin although a body is open."""
        if not self._automaton.accepts(self._state.stack, "RBRACE"):
            self._return_to_mark(index)
        if self._state.body:
            self._found.append(syntax_errors.missing_brace(self._span(self._tokens[index])))
            while self._state.body:
                self._push(self._inserted("RBRACE", index))
        return index

    def _inserted(self, kind: str, index: int) -> Token:
        """Return a token that is missing before the one at `index`, standing right after the one before."""
        place = self._tokens[index - 1] if index else self._tokens[index]
        text = syntax_errors.MARKS.get(kind, kind.lower())
        column = place.column + place.end - place.start
        return Token(kind=kind, text=text, start=place.end, end=place.end, line=place.line, column=column, first=False)

    def _mend(self, index: int) -> int:
        token, stack = self._tokens[index], self._state.stack
        if token.kind == "$END" and self._state.body and self._automaton.accepts(stack, "RBRACE"):
            return self._insert("RBRACE", index)
        is_import = token.kind == "IMPORT" and self._tokens[index + 1].kind == "STRING"
        if is_import and not self._state.body and "AS" not in self._automaton.expected(stack):
            self._found.append(syntax_errors.late_import(self._span(token)))
            self._give_up(index, silent=True)
            return self._mark_index
        keyword = self._meant_keyword(index)
        if keyword is not None:
            self._found.append(syntax_errors.misspelt(token.text, keyword.lower(), self._span(token)))
            self._tokens[index] = replace(token, kind=keyword)
            return index
        if self._mend_number(index):
            return index + 1
        # `T[]` and `List[T]` of other languages lack no mark, they have one too many.
        kind = None if token.kind == "LBRACKET" else self._missing_mark(index)
        if kind is not None:
            return self._insert(kind, index)
        doubtful = self._is_doubtful(index)
        begins = token.first and begins_entry(self._tokens, index, self._state.body or "STRUCT")
        if not doubtful and not begins and token.kind != "$END" and self._readable(stack, index + 1):
            self._found.append(syntax_errors.unexpected(token.text, self._span(token), self._automaton.expected(stack)))
            self._lost.add(token.text)
            self._mended = self._mark_index
            return index + 1
        self._give_up(index, silent=doubtful)
        return self._mark_index

    def _readable(self, stack: list[int], index: int) -> bool:
        kinds = self._kinds(index, _LOOKAHEAD)
        return bool(kinds) and self._automaton.accepts(stack, *kinds)

    def _is_doubtful(self, index: int) -> bool:
        """Tell whether an error may be the consequence of one that was told."""
        lines = {self._tokens[index].line, self._tokens[max(index - 1, 0)].line}
        return self._mended == self._mark_index or not lines.isdisjoint(self._fault_lines)

    def _insert(self, kind: str, index: int) -> int:
        """Supply a mark before the token at `index`."""
        token = self._inserted(kind, index)
        if self._tokens[index].line not in self._fault_lines:
            self._found.append(syntax_errors.missing(kind, self._span(token)))
        self._push(token)
        self._mended = self._mark_index
        return index

    def _missing_mark(self, index: int) -> str | None:
        """Return the mark after which most can be read, None if none lets the next tokens be read."""
        following = self._kinds(index, _FAR)
        # The next line may hold a mistake of its own: what follows on this line is enough.
        line = sum(token.line == self._tokens[index].line for token in self._tokens[index : index + _LOOKAHEAD])
        needed = 1 + min(line, len(following))
        # Where a name can stand, a keyword would be read as one.
        name_fits = self._automaton.accepts(self._state.stack, "NAME")
        marks = [kind for kind in _INSERTED if kind in syntax_errors.MARKS or not name_fits]
        reads = {kind: self._automaton.run(self._state.stack, [kind, *following]) for kind in marks}
        best = max(marks, key=reads.__getitem__)
        return best if reads[best] >= needed else None

    def _meant_keyword(self, index: int) -> str | None:
        token = self._tokens[index]
        if token.kind != "NAME":
            return None
        possible = [kind.lower() for kind in self._automaton.expected(self._state.stack) if kind in WORDS]
        word = syntax_errors.FOREIGN_WORDS.get(token.text)
        if word not in possible:
            word = closest(token.text, possible)
        if word is None or not self._automaton.accepts(self._state.stack, word.upper(), *self._kinds(index + 1, 2)):
            return None
        return word.upper()

    def _mend_exponent(self, index: int) -> bool:
        """Mend `1.5e3`, whose end would be read as the name of the next field."""
        token, before = self._tokens[index], self._tokens[max(index - 1, 0)]
        if before.kind != "FLOAT" or before.end != token.start or not _EXPONENT.fullmatch(token.text):
            return False
        span = self._source.span(before.start, token.end)
        self._found.append(syntax_errors.wrong_number(before.text + token.text, span))
        return True

    def _mend_number(self, index: int) -> bool:
        """Mend `.5`."""
        token, after = self._tokens[index], self._tokens[index + 1]
        is_fraction = token.kind == "DOT" and after.kind == "INT" and token.end == after.start
        if is_fraction and self._automaton.accepts(self._state.stack, "FLOAT"):
            span = self._source.span(token.start, after.end)
            self._found.append(syntax_errors.wrong_number(token.text + after.text, span))
            self._tokens[index + 1] = replace(after, kind="FLOAT", text=f"0.{after.text}")
            return True
        return False

    # --- giving up -----------------------------------------------------------------------

    def _give_up(self, index: int, *, silent: bool) -> None:
        """Leave out what began at the mark, and set the mark where reading can go on."""
        start = self._mark_index
        # What stands before a declaration belongs to it: reading goes on after its first word at the earliest.
        resume = self._next_begin(lead_end(self._tokens, start) + 1)
        if not silent:
            # What began at the mark may end before the error: then it is unfinished, and is blamed where it ends.
            blamed = min(index, resume)
            stack = self._mark.stack.copy()
            for token in self._tokens[start:blamed]:
                if not self._automaton.feed(stack, token.kind):
                    blamed, stack = index, self._state.stack
                    break
            token = self._tokens[blamed]
            expected = self._automaton.expected(stack)
            self._found.append(syntax_errors.unexpected(token.text, self._span(token), expected))
        self._return_to_mark(resume)

    def _return_to_mark(self, resume: int) -> None:
        """Forget what was read since the mark, remember its names, and set the mark at `resume`."""
        first = lead_end(self._tokens, self._mark_index)
        if self._tokens[first].kind in (*DECLARATION_WORDS, "IMPORT") and not self._tokens[first + 1].named:
            self._lost.add(_ANY_NAME)
        for token in self._tokens[self._mark_index : resume]:
            if token.faulty:
                self._lost.update(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", token.text))
            elif token.named:
                self._lost.add(token.text)
        self._state = self._mark.copy()
        del self._kept[self._state.kept :]
        if self._state.stack == [self._automaton.start]:
            self._push_package()
        self._set_mark(resume)

    def _next_begin(self, start: int) -> int:
        """Return the index at or after `start` where the next field, value, member or declaration begins."""
        body, margin = self._mark.body, self._mark.margin
        depth = 0
        for index in range(start, self._last):
            token = self._tokens[index]
            is_out = token.column <= margin or (not body and depth <= 0)
            if is_out and token.first and begins_declaration(self._tokens, index):
                return index
            if body and depth == 0 and token.first and begins_entry(self._tokens, index, body):
                return index
            if not body and token.first and token.kind == "IMPORT" and self._tokens[index + 1].kind == "STRING":
                return index
            if token.kind == "LBRACE":
                depth += 1
            elif token.kind == "RBRACE":
                if depth == 0 and body:
                    return index
                depth = max(0, depth - 1)
        return self._last
