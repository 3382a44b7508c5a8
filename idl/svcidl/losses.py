"""What recovery left out or made up, so that later stages do not complain of it: names, and lines."""

import re

from svcidl.reading import Reading
from svcidl.tokens import DECLARATION_WORDS, begins_entry, lead_end

ANY_NAME = "*"
"""Stands among lost names for a declaration whose own name is missing: it may have been any."""
ANY_VALUE = "*value"
"""Stands among lost names for a value of an enum whose name is missing."""
ANY_VARIANT = "*variant"
"""Stands among lost names for a variant of a union whose name is missing."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Losses:
    """The names in what was left out, and the lines of what was mended."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.names: set[str] = set()
        self.lines: set[int] = set()

    def leave_out(self, start: int, end: int) -> None:
        """The tokens from `start` to before `end`, which begin something, are not read."""
        tokens = self._reading.tokens
        first = lead_end(tokens, start)
        name = first + 2 if tokens[first].kind == "CLOSED" else first + 1
        if tokens[first].kind in (*DECLARATION_WORDS, "IMPORT") and not tokens[name].named:
            self.names.add(ANY_NAME)
        for token in tokens[start:end]:
            if token.faulty:
                self.names.update(_NAME.findall(token.text))
            elif token.named:
                # A name that its `(` is missing behind took the figure with it: `NotFound404)`.
                self.names.update((token.text, token.text.rstrip("0123456789")))

    def unnamed(self, index: int) -> None:
        """The token at `index` is wrong: a value or a variant may be missing there whose name nobody knows."""
        reading = self._reading
        if reading.state.body == "ENUM" and reading.tokens[index - 1].kind in ("LBRACE", "COMMA"):
            self.names.add(ANY_VALUE)
        elif reading.tokens[reading.mark_index].kind in ("UNION", "CLOSED") and not reading.mark.body:
            self.names.add(ANY_VARIANT)

    def guess(self, start: int, end: int) -> None:
        """What was made of the tokens from `start` to before `end` is a guess."""
        if end > start:
            first, last = self._reading.tokens[start], self._reading.tokens[end - 1]
            self.lines.update(range(first.line, last.line + 1))

    def guess_before(self, index: int) -> None:
        """What is wrong at `index`, if right at the mark, may belong to what stands before, and be missing there."""
        tokens, start, body = self._reading.tokens, self._reading.mark_index, self._reading.mark.body
        begins = body != "" and begins_entry(tokens, start, body)
        if not tokens[start].first or (index == start and not begins):
            self.guess(self._reading.entry_index, index + 1)
