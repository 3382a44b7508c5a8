"""The second pass over a file that does not parse: find every syntax error, and mend the tokens so that they parse.

It reads the file's tokens with the parse table alone and decides, at each error, in this order: a missing `}` before
a declaration at the margin; a `}` too early; a misspelt keyword; one token missing, too many or wrong; else it gives up
this field, value, member or declaration and goes on at the next. What was given up is told by name to the later stages.
"""

import re
from dataclasses import dataclass, replace

from svcidl import syntax_errors
from svcidl.automaton import Automaton
from svcidl.diagnostics import Diagnostic, has_errors
from svcidl.reading import Reading, State
from svcidl.repairs import Allowed, Repair, best_repair
from svcidl.source import SourceFile, Span
from svcidl.suggest import closest
from svcidl.tokens import (
    DECLARATION_WORDS,
    WORDS,
    Token,
    begins_declaration,
    begins_entry,
    body_end,
    is_foreign,
    lead_end,
    next_begin,
)

MAX_ERRORS = 100
"""A file with more is no IDL file; the rest is not told."""
_FAR = 16
"""Tokens looked at to choose a repair."""
_LEADLESS = frozenset(("RBRACE", "RPAR", "COMMA", "$END", "ARROW"))
"""What documentation and annotations cannot stand before, whatever follows it."""
_ANY_NAME = "*"
"""Stands among lost names for a declaration whose own name is missing: it may have been any."""
ANY_VALUE = "*value"
"""Stands among lost names for a value of an enum whose name is missing."""
ANY_VARIANT = "*variant"
"""Stands among lost names for a variant of a union whose name is missing."""
_CLOSING = frozenset(("RBRACE", "$END"))
"""After an annotation anything else may be a mistake in its arguments."""
_WITHOUT_BRACES = frozenset(("ALIAS", "UNION", "IMPORT"))
_EXPONENT = re.compile(r"[eE][0-9]+")
_CLOSE = 4
"""So few behind another, a missing mark is a consequence as well."""
_HEAD = 64
"""Tokens among which a package declaration that is not first is looked for."""
_STEPS = 8
"""Steps per token after which reading stops."""
_NEARBY = 8
"""An error so few tokens behind a repair may be its consequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """Tokens that parse, None where too much is wrong; the findings; what later stages must not judge.

    Attributes:
        lost: the names in what was left out.
        guessed: the lines of what was mended: what is wrong there besides may follow from the repair.
    """

    tokens: tuple[Token, ...] | None
    diagnostics: tuple[Diagnostic, ...]
    lost: frozenset[str]
    guessed: frozenset[int]


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
        self._reading = Reading(automaton, tokens)
        self._tokens = self._reading.tokens
        self._fault_lines = fault_lines
        self._found: list[Diagnostic] = []
        self._lost: set[str] = set()
        self._guessed: set[int] = set()
        self._mended = -1
        """The mark after which something was mended: one more error there may be its consequence."""
        self._touched = -_FAR
        """The index of the token at which something was mended or given up last."""
        self._is_spoilt = False
        """What began at the mark has a name that was made up: it is left out once it is read."""
        self._is_changed = False
        """In what began at the mark a token was left out or made up: what else is missing there is no second mistake."""
        self._reopened = False
        """A `}` was taken back: if the body has no other, that is no mistake of its own."""
        self._lead_end = 0
        """The documentation and annotations before this index were looked through."""

    def run(self) -> Mended:
        self._supply_package()
        index = 0
        # Each token is read, mended or left out once; the bound only makes sure that no input can make this endless.
        steps = _STEPS * len(self._tokens)
        while index <= self._reading.last and len(self._found) < MAX_ERRORS and steps > 0:
            index = self._step(index)
            steps -= 1
        tokens = tuple(self._reading.kept) if index > self._reading.last else None
        return Mended(
            tokens=tokens,
            diagnostics=tuple(self._found),
            lost=frozenset(self._lost),
            guessed=frozenset(self._guessed),
        )

    def _supply_package(self) -> None:
        index = 0
        while self._tokens[index].kind == "DOC":
            index += 1
        token, after = self._tokens[index], self._tokens[index + 1]
        if token.kind == "PACKAGE":
            return
        late = self._late_package(index)
        names_follow = after.named and (self._tokens[index + 2].kind == "DOT" or self._tokens[index + 2].first)
        if late is not None and token.kind == "IMPORT":
            self._found.append(syntax_errors.late_package(self._span(self._tokens[late])))
            self._move_package(late, index)
        elif late is not None:
            self._found.append(syntax_errors.unexpected(token.text, self._span(token), ("PACKAGE",)))
            del self._tokens[index:late]
        elif token.kind == "NAME" and after.named and closest(token.text, ("package", "namespace")):
            self._found.append(syntax_errors.misspelt(token.text, "package", self._span(token)))
            self._tokens[index] = replace(token, kind="PACKAGE")
        elif token.named and names_follow and not after.first and not begins_declaration(self._tokens, index):
            self._found.append(syntax_errors.unexpected(token.text, self._span(token), ("PACKAGE",)))
            self._tokens[index] = replace(token, kind="PACKAGE")
        else:
            self._found.append(syntax_errors.missing_package(self._span(token)))
            if token.named and (after.kind == "DOT" or (token.kind == "NAME" and after.first)):
                self._tokens.insert(index, replace(token, kind="PACKAGE", text="package", end=token.start))
            elif names_follow and not token.named and token.kind != "AT":
                self._tokens[index] = replace(token, kind="PACKAGE")
            else:
                self._push_package()

    def _move_package(self, start: int, index: int) -> None:
        """Move the package declaration at `start` to `index`."""
        end = start + 2
        while self._tokens[end].kind == "DOT" and self._tokens[end + 1].named:
            end += 2
        statement = self._tokens[start:end]
        del self._tokens[start:end]
        self._tokens[index:index] = statement

    def _late_package(self, index: int) -> int | None:
        """Return where the package is declared, if something that begins nothing stands before it."""
        if begins_declaration(self._tokens, index):
            return None
        places = range(index + 1, min(index + _HEAD, self._reading.last))
        return next((at for at in places if self._tokens[at].kind == "PACKAGE" and self._tokens[at + 1].named), None)

    def _push_package(self) -> None:
        for kind, text in (("PACKAGE", "package"), ("NAME", "unknown")):
            self._reading.push(Token(kind=kind, text=text, start=0, end=0, line=1, column=1, first=False))

    # --- reading ------------------------------------------------------------------

    def _step(self, index: int) -> int:
        """Read the token at `index`, or mend; return the index to go on with."""
        token, state = self._tokens[index], self._reading.state
        if state.body and token.first and token.column <= state.margin and begins_declaration(self._tokens, index):
            return self._close_body(index)
        reopened = self._reopen(index)
        if reopened is not None:
            return reopened
        if token.kind in ("DOC", "AT") and index >= self._lead_end:
            self._lead_end = lead_end(self._tokens, index)
            if self._lead_end > index and self._leads_nowhere(index, self._lead_end):
                return self._drop_lead(index, self._lead_end)
        if self._reading.is_boundary(index):
            self._pass_boundary(index)
        if self._mend_exponent(index):
            return index + 1
        if token.faulty:
            self._give_up(index, silent=True)
            return self._reading.mark_index
        return index + 1 if self._reading.read(index) else self._mend(index)

    def _pass_boundary(self, index: int) -> None:
        """Everything before the token at `index` is complete."""
        if self._mended == self._reading.mark_index:
            self._guess(index)
        if self._is_spoilt:
            self._return_to_mark(index)
        else:
            self._reading.set_mark(index)
        self._is_changed = False
        if self._touched == index:
            self._mended = index

    def _guess(self, end: int) -> None:
        """Remember the lines of what began at the mark and ends before the token `end`."""
        if end > self._reading.mark_index:
            first, last = self._tokens[self._reading.mark_index], self._tokens[end - 1]
            self._guessed.update(range(first.line, last.line + 1))

    def _span(self, token: Token) -> Span:
        return self._source.span(token.start, token.end)

    def _kinds(self, index: int, count: int) -> list[str]:
        return [token.kind for token in self._tokens[index : min(index + count, self._reading.last + 1)]]

    # --- what stands before a declaration ------------------------------------------

    def _leads_nowhere(self, index: int, after: int) -> bool:
        state = self._reading.state
        if self._tokens[index].kind == "AT" and not self._automaton.accepts(state.stack, "AT"):
            return False
        kind, following = self._tokens[after].kind, self._tokens[after + 1].kind
        closing = _LEADLESS if self._tokens[after - 1].kind == "DOC" else _CLOSING
        if kind in closing or (kind == "RESERVED" and following == "LPAR"):
            return True
        if state.body == "SERVICE":
            return state.braces == 1 and kind in ("HTTP", "THROWS") and following != "COLON"
        return not state.body and kind == "IMPORT" and following == "STRING"

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
        self._touched = after
        if not self._reading.is_boundary(index):
            self._mended = self._reading.mark_index
        return after

    # --- braces ------------------------------------------------------------------------

    def _close_body(self, index: int) -> int:
        """A declaration begins at the margin although a body is open."""
        reading = self._reading
        if self._is_spoilt or not self._automaton.accepts(reading.state.stack, "RBRACE"):
            self._return_to_mark(index)
        if reading.state.body:
            if not self._reopened and self._touched < index - 1:
                self._found.append(self._missing_brace(index))
            while reading.state.body:
                reading.push(self._inserted("RBRACE", index))
        self._reopened = False
        return index

    def _missing_brace(self, index: int) -> Diagnostic:
        if self._reading.state.line == self._tokens[index - 1].line:
            return syntax_errors.missing("RBRACE", self._span(self._inserted("RBRACE", index)))
        return syntax_errors.missing_brace(self._span(self._tokens[index]))

    def _reopen(self, index: int) -> int | None:
        """Take back the `}` before the token at `index` if what follows belongs to the body that it closed.

        Returns:
            The index to go on with, None if there is nothing to take back.
        """
        reading = self._reading
        if reading.closed is None or reading.state.body:
            return None
        (before, brace), reading.closed = reading.closed, None
        token = self._tokens[index]
        inside = brace == index - 1 and (not token.first or token.column > before.margin or token.kind == "RBRACE")
        if not inside or begins_declaration(self._tokens, index) or not self._continues(index, before):
            return None
        if self._touched < brace - _CLOSE:
            self._found.append(syntax_errors.early_brace(self._span(self._tokens[brace])))
        if token.kind == "COMMA" and not self._automaton.accepts(before.stack, "COMMA"):
            index += 1
        if before.body == "IMPORT":
            self._lost.add(_ANY_NAME)
        reading.rewind(before)
        reading.set_mark(index)
        self._reopened = True
        self._touched = brace
        if not token.first:
            self._mended = index
        return index

    def _continues(self, index: int, before: State) -> bool:
        """Tell whether the token at `index` belongs to the body that the `}` before it closed."""
        token, brace = self._tokens[index], self._tokens[index - 1]
        if before.body == "IMPORT":
            return token.kind in ("COMMA", "RBRACE")
        if token.kind == "RBRACE":
            return token.first and not brace.first and before.line < brace.line
        in_line = not brace.first and not token.first and before.line < brace.line
        return in_line or token.kind == "COMMA" or begins_entry(self._tokens, index, before.body)

    def _inserted(self, kind: str, index: int) -> Token:
        """Return a token that is missing before the one at `index`, standing right after the one before."""
        place = self._tokens[index - 1] if index else self._tokens[index]
        text = syntax_errors.MARKS.get(kind, kind.lower())
        column = place.column + place.end - place.start
        return Token(kind=kind, text=text, start=place.end, end=place.end, line=place.line, column=column, first=False)

    # --- mending ---------------------------------------------------------------------

    def _mend(self, index: int) -> int:
        token, state = self._tokens[index], self._reading.state
        if token.kind == "$END" and state.body and self._automaton.accepts(state.stack, "RBRACE"):
            return self._insert("RBRACE", index)
        is_import = token.kind == "IMPORT" and self._tokens[index + 1].kind == "STRING"
        if is_import and not state.body and "AS" not in self._automaton.expected(state.stack):
            self._found.append(syntax_errors.late_import(self._span(token)))
            self._give_up(index, silent=True)
            return self._reading.mark_index
        keyword = self._meant_keyword(index)
        if keyword is not None:
            self._found.append(syntax_errors.misspelt(token.text, keyword.lower(), self._span(token)))
            self._tokens[index] = replace(token, kind=keyword)
            self._touch(index)
            return index
        if self._mend_number(index):
            return index + 1
        if self._is_foreign(index):
            return self._drop_declaration(index)
        if self._tokens[index - 1].kind == "AT" and self._reading.kept[-1:] == [self._tokens[index - 1]]:
            return self._drop_at(index)
        if self._next_begin() < index:
            self._give_up(index, silent=self._is_doubtful(index))
            return self._reading.mark_index
        repair = best_repair(self._automaton, state.stack, self._kinds(index, _FAR), self._allowed(index))
        if repair is None:
            self._give_up(index, silent=self._is_doubtful(index))
            return self._reading.mark_index
        return self._apply(repair, index)

    def _is_foreign(self, index: int) -> bool:
        """Tell whether the first thing in this body belongs to another kind of body: the keyword before it is wrong."""
        reading = self._reading
        first = reading.mark.braces == 1 and reading.kept[reading.mark.kept - 1].kind == "LBRACE"
        return first and is_foreign(self._tokens, reading.mark_index, reading.mark.body)

    def _drop_declaration(self, index: int) -> int:
        reading = self._reading
        if not self._is_doubtful(index):
            self._found.append(self._unexpected(index))
        outer, start = reading.outer
        resume = body_end(self._tokens, index, reading.mark.margin)
        self._lost.update(token.text for token in self._tokens[start:resume] if token.named)
        reading.rewind(outer)
        reading.set_mark(resume)
        self._touched = resume - 1
        return resume

    def _drop_at(self, index: int) -> int:
        """No name stands behind the `@` before the token at `index`: read on as if it were not there."""
        if not self._is_doubtful(index):
            self._found.append(syntax_errors.unexpected("@", self._span(self._tokens[index - 1]), ()))
        self._reading.rewind(self._reading.annotated)
        self._touch(index)
        return index

    def _touch(self, index: int) -> None:
        """Remember that something was mended before or at the token at `index`."""
        self._mended, self._touched = self._reading.mark_index, index
        self._guess_before(index)

    def _guess_before(self, index: int) -> None:
        """What is wrong right at the mark may belong to what stands before, and be missing there."""
        start, body = self._reading.mark_index, self._reading.mark.body
        begins_late = not self._tokens[start].first
        if begins_late or (index == start and not (body and begins_entry(self._tokens, start, body))):
            first, last = self._tokens[self._reading.entry_index], self._tokens[index]
            self._guessed.update(range(first.line, last.line + 1))

    def _allowed(self, index: int) -> Allowed:
        """Return which repairs the place allows."""
        token, state, mark = self._tokens[index], self._reading.state, self._reading.mark
        begins = token.first and begins_entry(self._tokens, index, state.body or "STRUCT")
        closes = token.kind == "RBRACE" and token.first and token.column <= state.margin
        keyword = self._tokens[lead_end(self._tokens, self._reading.mark_index)].kind
        return Allowed(
            line=sum(other.line == token.line for other in self._tokens[index : index + 4]),
            complete=token.first and self._automaton.accepts(state.stack, "RBRACE" if state.body else "$END"),
            drops=not (self._is_doubtful(index) or begins or closes or token.kind == "$END"),
            names=mark.braces > 0 or keyword in _WITHOUT_BRACES,
            # `T[]` and `List[T]` of other languages lack no mark, they have one too many.
            marks=token.kind != "LBRACKET",
        )

    def _is_doubtful(self, index: int) -> bool:
        """Tell whether an error may be the consequence of one that was told."""
        if not self._fault_lines and not has_errors(self._found):
            # Nothing was told of which it could be the consequence.
            return False
        token = self._tokens[index]
        lines = {token.line, self._tokens[max(index - 1, 0)].line}
        behind = index - self._touched
        is_same_line = not token.first and self._tokens[max(self._touched, 0)].line == token.line
        near = 0 <= behind <= _NEARBY and (is_same_line or (token.kind == "$END" and behind <= _CLOSE))
        return near or self._mended == self._reading.mark_index or not lines.isdisjoint(self._fault_lines)

    def _apply(self, repair: Repair, index: int) -> int:
        """Make the repair at the token at `index`, and tell it."""
        if repair.edit == "insert" and repair.kind != "NAME":
            return self._insert(repair.kind, index)
        token = self._tokens[index]
        if not self._is_doubtful(index):
            self._found.append(self._unexpected(index))
        is_import = "IMPORT" in (self._reading.mark.body, self._tokens[self._reading.mark_index].kind)
        if repair.edit != "insert":
            self._lost.add(token.text)
        if is_import:
            self._lost.add(_ANY_NAME)
        self._lose_unnamed(index)
        self._is_spoilt |= is_import or repair.kind == "NAME"
        self._touch(index)
        self._is_changed = True
        if repair.edit == "delete":
            return index + 1
        if repair.edit == "insert":
            self._reading.push(self._inserted("NAME", index))
        else:
            self._reading.push(replace(token, kind=repair.kind, text=syntax_errors.MARKS.get(repair.kind, "unknown")))
        return index if repair.edit == "insert" else index + 1

    def _lose_unnamed(self, index: int) -> None:
        """Remember that a value or a variant may be missing whose name nobody knows."""
        reading = self._reading
        if reading.state.body == "ENUM" and self._tokens[index - 1].kind in ("LBRACE", "COMMA"):
            self._lost.add(ANY_VALUE)
        elif self._tokens[reading.mark_index].kind in ("UNION", "CLOSED") and not reading.mark.body:
            self._lost.add(ANY_VARIANT)

    def _unexpected(self, index: int) -> Diagnostic:
        token, expected = self._tokens[index], self._automaton.expected(self._reading.state.stack)
        return syntax_errors.unexpected(token.text, self._span(token), expected)

    def _insert(self, kind: str, index: int) -> int:
        """Supply a mark before the token at `index`."""
        token = self._inserted(kind, index)
        on_line = self._tokens[max(self._touched, 0)].line == self._tokens[index - 1].line
        near = self._is_changed or not on_line or index - self._touched <= _CLOSE
        follows = near and self._mended == self._reading.mark_index
        ends = self._tokens[index].kind == "$END" and index - self._touched <= 1
        brace_known = kind == "RBRACE" and (self._reopened or ends)
        if not follows and not brace_known and self._tokens[index].line not in self._fault_lines:
            self._found.append(syntax_errors.missing(kind, self._span(token)))
        self._reading.push(token)
        self._touch(index)
        self._is_spoilt |= self._reading.state.body == "IMPORT"
        return index

    def _meant_keyword(self, index: int) -> str | None:
        token, stack = self._tokens[index], self._reading.state.stack
        if token.kind != "NAME":
            return None
        possible = [kind.lower() for kind in self._automaton.expected(stack) if kind in WORDS]
        word = syntax_errors.FOREIGN_WORDS.get(token.text)
        if word not in possible:
            word = closest(token.text, possible)
        if word is None or not self._automaton.accepts(stack, word.upper(), *self._kinds(index + 1, 2)):
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
        if is_fraction and self._automaton.accepts(self._reading.state.stack, "FLOAT"):
            span = self._source.span(token.start, after.end)
            self._found.append(syntax_errors.wrong_number(token.text + after.text, span))
            self._tokens[index + 1] = replace(after, kind="FLOAT", text=f"0.{after.text}")
            return True
        return False

    # --- giving up -----------------------------------------------------------------------

    def _give_up(self, index: int, *, silent: bool) -> None:
        """Leave out what began at the mark, and set the mark where reading can go on."""
        resume = self._next_begin()
        if not silent:
            self._found.append(self._blame(index, resume))
        self._guess_before(index)
        self._lose_unnamed(index)
        self._touched = max(index, resume - 1)
        self._return_to_mark(resume)

    def _next_begin(self) -> int:
        """Return where the next thing begins behind the one that begins at the mark."""
        start, mark = self._reading.mark_index, self._reading.mark
        # What stands before a declaration belongs to it: reading goes on after its first word at the earliest.
        begin = lead_end(self._tokens, start) + 1
        return next_begin(self._tokens, begin, body=mark.body, margin=mark.margin)

    def _blame(self, index: int, resume: int) -> Diagnostic:
        """Return what is wrong with what began at the mark, given up at `index` to go on at `resume`."""
        # It may end before the error: then it is unfinished, and is blamed where it ends.
        blamed, stack = min(index, resume), self._reading.mark.stack.copy()
        for token in self._tokens[self._reading.mark_index : blamed]:
            if not self._automaton.feed(stack, token.kind):
                return self._unexpected(index)
        token, expected = self._tokens[blamed], self._automaton.expected(stack)
        if token.first and blamed == resume and blamed > self._reading.mark_index and token.kind != "$END":
            return syntax_errors.unfinished(self._span(self._tokens[blamed - 1]), expected)
        return syntax_errors.unexpected(token.text, self._span(token), expected)

    def _return_to_mark(self, resume: int) -> None:
        """Forget what was read since the mark, remember its names, and set the mark at `resume`."""
        reading = self._reading
        first = lead_end(self._tokens, reading.mark_index)
        name = first + 2 if self._tokens[first].kind == "CLOSED" else first + 1
        if self._tokens[first].kind in (*DECLARATION_WORDS, "IMPORT") and not self._tokens[name].named:
            self._lost.add(_ANY_NAME)
        for token in self._tokens[reading.mark_index : resume]:
            if token.faulty:
                self._lost.update(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", token.text))
            elif token.named:
                # A name that its `(` is missing behind took the figure with it: `NotFound404)`.
                self._lost.update((token.text, token.text.rstrip("0123456789")))
        self._is_spoilt = self._is_changed = False
        reading.rewind(reading.mark)
        reading.set_mark(resume)
        if reading.state.stack == [self._automaton.start]:
            self._push_package()
            reading.set_mark(resume)
