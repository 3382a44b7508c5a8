"""How one syntax error could be mended: every edit of one token is tried, the one that lets most be read is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from svcidl.automaton import Automaton
from svcidl.syntax_errors import MARKS
from svcidl.tokens import WORDS

_FAR = 16
"""Tokens read to choose among several edits."""
_NEAR = 4
"""Tokens that must be readable after an edit."""
_MARKS = ("COMMA", "COLON", "RPAR", "RANGLE", "RBRACKET", "ARROW", "EQUAL", "LBRACE", "LPAR", "RBRACE")
_KEYWORDS = ("AS", "EVERY", "RECEIVES", "SENDS", "CRON", "BODY", "STATUS")
_OPENING = frozenset(("LBRACE", "LPAR"))
_SAME_LINE = frozenset(("EQUAL", "LPAR"))
"""Marks that go on with what stands before them: on a new line something new begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One edit: a token of the kind `kind` put in before the wrong one, or in its place; or the wrong one left out.

    Attributes:
        reads: how many of the tokens from the wrong one on are then behind us, at most `_FAR`.
    """

    edit: Literal["insert", "replace", "delete"]
    kind: str
    reads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What the place allows.

    Attributes:
        line: how many of the tokens from the wrong one on stand on its line.
        complete: what stands before may end here, and the wrong token begins its line.
        drops: the wrong token may be left out or replaced.
        names: a name may be supplied: what it stands in is left out afterwards.
        marks: a mark may be put in.
    """

    line: int
    complete: bool
    drops: bool
    names: bool
    marks: bool


def best_repair(automaton: Automaton, stack: list[int], following: Sequence[str], allowed: Allowed) -> Repair | None:
    """Return the edit that lets most be read, None if none lets the next tokens be read.

    Args:
        automaton: the parse table.
        stack: its states before the wrong token.
        following: the kinds of the tokens from the wrong one on.
        allowed: what the place allows.
    """
    following = following[:_FAR]
    # Where a name can stand, a keyword would be read as one.
    name_fits = automaton.accepts(stack, "NAME")
    kinds: tuple[str, ...] = _MARKS if name_fits else (*_MARKS, *_KEYWORDS)
    if allowed.complete:
        kinds = tuple(kind for kind in kinds if kind not in _SAME_LINE)
    # The next line may hold a mistake of its own: what follows on this line is enough.
    inserts = _inserts(automaton, stack, following, kinds if allowed.marks else (), min(_NEAR, allowed.line))
    others = _drops(automaton, stack, following, kinds) if allowed.drops else []
    if allowed.names and name_fits:
        others += _names(automaton, stack, following, drops=allowed.drops)
    found = [*inserts, *others]
    # The first of equals: a mark that is missing is likelier than one token too many, that than a wrong one.
    return max(found, key=lambda repair: repair.reads, default=None)


def _inserts(
    automaton: Automaton, stack: list[int], following: Sequence[str], kinds: Sequence[str], needed: int
) -> list[Repair]:
    needed = min(needed, len(following))
    tried = [Repair(edit="insert", kind=kind, reads=automaton.run(stack, [kind, *following]) - 1) for kind in kinds]
    return [repair for repair in tried if repair.reads >= needed]


def _drops(automaton: Automaton, stack: list[int], following: Sequence[str], kinds: Sequence[str]) -> list[Repair]:
    """Return the edits that leave the wrong token out, or put a mark in its place."""
    rest = following[1:]
    found = [Repair(edit="delete", kind="", reads=1 + automaton.run(stack, rest))] if rest else []
    is_word = following[0] == "NAME" or following[0] in WORDS
    for kind in kinds:
        # A word is no bracket mistyped.
        if kind in MARKS and kind != following[0] and not (is_word and kind in _OPENING):
            found.append(Repair(edit="replace", kind=kind, reads=automaton.run(stack, [kind, *rest])))
    return [repair for repair in found if repair.reads > min(_NEAR, len(rest))]


def _names(automaton: Automaton, stack: list[int], following: Sequence[str], *, drops: bool) -> list[Repair]:
    """Return the edits that supply a name."""
    rest = following[1:]
    found = _inserts(automaton, stack, following, ("NAME",), _NEAR)
    if drops:
        found.append(Repair(edit="replace", kind="NAME", reads=automaton.run(stack, ["NAME", *rest])))
    return [repair for repair in found if repair.reads > min(_NEAR, len(rest))]
