"""The second pass over a file that does not parse: find every syntax error, and mend the tokens so that they parse.

It reads the file's tokens with the parse table alone and decides, at each error, in this order: a missing `}` before
a declaration at the margin; a `}` too early; a misspelt keyword; one token missing, too many or wrong; else it gives up
this field, value, member or declaration and goes on at the next. What was given up is told by name to the later stages.
"""

from dataclasses import dataclass, replace

from svcidl import syntax_errors
from svcidl.automaton import Automaton
from svcidl.diagnostics import Diagnostic, has_errors
from svcidl.head import mend_head, unknown_package
from svcidl.losses import ANY_NAME, Losses
from svcidl.reading import Reading
from svcidl.repairs import Allowed, Repair, best_repair
from svcidl.source import SourceFile, Span
from svcidl.spelling import is_exponent, is_fraction, meant_keyword
from svcidl.tokens import (
    Token,
    begins_declaration,
    begins_entry,
    body_end,
    lead_end,
)

MAX_ERRORS = 100
"""A file with more is no IDL file; the rest is not told."""
_FAR = 16
"""Tokens looked at to choose a repair."""
_WITHOUT_BRACES = frozenset(("ALIAS", "UNION", "IMPORT"))
_CLOSE = 4
"""So few behind another, a missing mark is a consequence as well."""
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
        self._losses = Losses(self._reading)
        self._mended = -1
        """The mark after which something was mended: one more error there may be its consequence."""
        self._touched = -_FAR
        """The index of the token at which something was mended or given up last."""
        self._is_spoilt = False
        """What began at the mark has a name that was made up: it is left out once it is read."""
        self._is_changed = False
        """In what began at the mark a token was left out or made up: what else is missing is no second mistake."""
        self._reopened = False
        """A `}` was taken back: if the body has no other, that is no mistake of its own."""
        self._lead_end = 0
        """The documentation and annotations before this index were looked through."""

    def run(self) -> Mended:
        self._found += mend_head(self._tokens, self._source)
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
            lost=frozenset(self._losses.names),
            guessed=frozenset(self._losses.lines),
        )

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
            if self._lead_end > index and self._reading.leads_nowhere(index, self._lead_end):
                return self._drop_lead(index, self._lead_end)
        if self._reading.is_boundary(index):
            self._pass_boundary(index)
        before = self._tokens[max(index - 1, 0)]
        if is_exponent(before, token):
            span = self._source.span(before.start, token.end)
            self._found.append(syntax_errors.wrong_number(before.text + token.text, span))
            return index + 1
        if token.faulty:
            self._give_up(index, silent=True)
            return self._reading.mark_index
        return index + 1 if self._reading.read(index) else self._mend(index)

    def _pass_boundary(self, index: int) -> None:
        """Everything before the token at `index` is complete."""
        if self._mended == self._reading.mark_index:
            self._losses.guess(self._reading.mark_index, index)
        if self._is_spoilt:
            self._return_to_mark(index)
        else:
            self._reading.set_mark(index)
        self._is_changed = False
        if self._touched == index:
            self._mended = index

    def _span(self, token: Token) -> Span:
        return self._source.span(token.start, token.end)

    def _kinds(self, index: int, count: int) -> list[str]:
        return [token.kind for token in self._tokens[index : min(index + count, self._reading.last + 1)]]

    # --- what stands before a declaration ------------------------------------------

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
        closing = ["RBRACE"] * reading.state.braces
        if self._is_spoilt or not self._automaton.accepts(reading.state.stack, *closing):
            self._return_to_mark(index)
        if reading.state.body:
            if not self._reopened and self._touched < index - 1:
                self._found.append(self._missing_brace(index, is_alone=len(closing) == 1))
            while reading.state.body:
                reading.push(self._reading.missing_token("RBRACE", index))
        self._reopened = False
        return index

    def _missing_brace(self, index: int, *, is_alone: bool) -> Diagnostic:
        if self._reading.state.line == self._tokens[index - 1].line:
            return syntax_errors.missing("RBRACE", self._span(self._reading.missing_token("RBRACE", index)))
        return syntax_errors.missing_brace(self._span(self._tokens[index]), is_alone=is_alone)

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
        if not inside or begins_declaration(self._tokens, index) or not reading.continues(index, before):
            return None
        if self._touched < brace - _CLOSE:
            self._found.append(syntax_errors.early_brace(self._span(self._tokens[brace])))
        if token.kind == "COMMA" and not self._automaton.accepts(before.stack, "COMMA"):
            index += 1
        if before.body == "IMPORT":
            self._losses.names.add(ANY_NAME)
        reading.rewind(before)
        reading.set_mark(index)
        self._reopened = True
        self._touched = brace
        if not token.first:
            self._mended = index
        return index

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
        mended = self._mend_word(index)
        if mended is not None:
            return mended
        meant = self._reading.meant_body()
        if meant is not None:
            return self._drop_declaration(index, meant)
        if self._tokens[index - 1].kind == "AT" and self._reading.kept[-1:] == [self._tokens[index - 1]]:
            return self._drop_at(index)
        if self._reading.next_begin() < index:
            self._give_up(index, silent=self._is_doubtful(index))
            return self._reading.mark_index
        repair = best_repair(self._automaton, state.stack, self._kinds(index, _FAR), self._allowed(index))
        if repair is None:
            self._give_up(index, silent=self._is_doubtful(index))
            return self._reading.mark_index
        return self._apply(repair, index)

    def _drop_declaration(self, index: int, meant: str) -> int:
        """Leave out a declaration whose keyword is wrong."""
        reading = self._reading
        if not self._is_doubtful(index):
            span, keyword = self._span(self._tokens[reading.mark_index]), reading.mark.body
            self._found.append(syntax_errors.wrong_body(span, keyword.lower(), meant.lower()))
        outer, start = reading.outer
        resume = body_end(self._tokens, index, reading.mark.margin)
        self._losses.leave_out(start, resume)
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
        self._losses.guess_before(index)

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
            self._losses.names.add(token.text)
        if is_import:
            self._losses.names.add(ANY_NAME)
        self._losses.unnamed(index)
        self._is_spoilt |= is_import or repair.kind == "NAME"
        self._touch(index)
        self._is_changed = True
        if repair.edit == "delete":
            return index + 1
        if repair.edit == "insert":
            self._reading.push(self._reading.missing_token("NAME", index))
        else:
            self._reading.push(replace(token, kind=repair.kind, text=syntax_errors.MARKS.get(repair.kind, "unknown")))
        return index if repair.edit == "insert" else index + 1

    def _unexpected(self, index: int) -> Diagnostic:
        token, expected = self._tokens[index], self._automaton.expected(self._reading.state.stack)
        return syntax_errors.unexpected(token.text, self._span(token), expected)

    def _insert(self, kind: str, index: int) -> int:
        """Supply a mark before the token at `index`."""
        token = self._reading.missing_token(kind, index)
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

    def _mend_word(self, index: int) -> int | None:
        """Mend a keyword or a number that is spelt wrong; return the index to go on with, None if it is none."""
        stack, token = self._reading.state.stack, self._tokens[index]
        keyword = meant_keyword(self._automaton, stack, token, self._kinds(index + 1, 2))
        if keyword is not None:
            self._found.append(syntax_errors.misspelt(token.text, keyword.lower(), self._span(token)))
            self._tokens[index] = replace(token, kind=keyword)
            self._touch(index)
            return index
        after = self._tokens[index + 1]
        if is_fraction(token, after) and self._automaton.accepts(stack, "FLOAT"):
            span = self._source.span(token.start, after.end)
            self._found.append(syntax_errors.wrong_number(token.text + after.text, span))
            self._tokens[index + 1] = replace(after, kind="FLOAT", text=f"0.{after.text}")
            return index + 1
        return None

    # --- giving up -----------------------------------------------------------------------

    def _give_up(self, index: int, *, silent: bool) -> None:
        """Leave out what began at the mark, and set the mark where reading can go on."""
        resume = self._reading.next_begin()
        if not silent:
            self._found.append(self._blame(index, resume))
        self._losses.guess_before(index)
        self._losses.unnamed(index)
        self._touched = max(index, resume - 1)
        self._return_to_mark(resume)

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
        self._losses.leave_out(reading.mark_index, resume)
        self._is_spoilt = self._is_changed = False
        reading.rewind(reading.mark)
        reading.set_mark(resume)
        if reading.state.stack == [self._automaton.start]:
            for token in unknown_package():
                reading.push(token)
            reading.set_mark(resume)
