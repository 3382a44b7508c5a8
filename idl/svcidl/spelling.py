"""Words and numbers that are spelt wrong: what was meant, as far as the grammar can tell."""

import re
from collections.abc import Sequence

from svcidl.automaton import Automaton
from svcidl.suggest import closest
from svcidl.syntax_errors import FOREIGN_WORDS
from svcidl.tokens import WORDS, Token

_EXPONENT = re.compile(r"[eE][0-9]+")


def meant_keyword(automaton: Automaton, stack: list[int], token: Token, following: Sequence[str]) -> str | None:
    """Return the keyword that `token` is a misspelling of, None if with none of them the `following` can be read."""
    if token.kind != "NAME":
        return None
    possible = [kind.lower() for kind in automaton.expected(stack) if kind in WORDS]
    word = FOREIGN_WORDS.get(token.text)
    if word not in possible:
        word = closest(token.text, possible)
    if word is None or not automaton.accepts(stack, word.upper(), *following):
        return None
    return word.upper()


def is_exponent(before: Token, token: Token) -> bool:
    """Tell whether `token` is the end of `1.5e3`: it would be read as the name of the next field."""
    return before.kind == "FLOAT" and before.end == token.start and _EXPONENT.fullmatch(token.text) is not None


def is_fraction(token: Token, after: Token) -> bool:
    """Tell whether `token` and the one `after` it are `.5`."""
    return token.kind == "DOT" and after.kind == "INT" and token.end == after.start
