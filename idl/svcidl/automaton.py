"""The parse table on plain numbers: what could be read next, tried without building anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Action = int | tuple[int, str]
"""A state to go to, or a reduction: how many states to drop, and the symbol that then decides where to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Automaton:
    """An LALR(1) parser without values; its memory is a list of states that the caller owns."""

    actions: Mapping[int, Mapping[str, Action]]
    start: int
    end: int

    def feed(self, stack: list[int], kind: str) -> bool:
        """Read one token; False, with `stack` spoilt, if it cannot stand here."""
        while True:
            action = self.actions[stack[-1]].get(kind)
            if action is None:
                return False
            if isinstance(action, int):
                stack.append(action)
                return True
            size, origin = action
            if size:
                del stack[-size:]
            goto = self.actions[stack[-1]][origin]
            if not isinstance(goto, int):
                raise TypeError("a parse table goes to a state after a reduction")
            stack.append(goto)
            if kind == "$END" and goto == self.end:
                return True

    def accepts(self, stack: list[int], *kinds: str) -> bool:
        """Tell whether `kinds` can be read in a row, leaving `stack` alone."""
        return self.run(stack, kinds) == len(kinds)

    def run(self, stack: list[int], kinds: Iterable[str]) -> int:
        """Return how many of `kinds` can be read in a row, leaving `stack` alone."""
        trial = stack.copy()
        count = 0
        for kind in kinds:
            if not self.feed(trial, kind):
                break
            count += 1
        return count

    def expected(self, stack: list[int]) -> list[str]:
        """Return the terminals that can stand next."""
        return [kind for kind in self.actions[stack[-1]] if kind.isupper() and self.accepts(stack, kind)]
