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
        """Read one token; False, with `stack` as it was, if it cannot stand here."""
        above: list[int] = []
        depth = self._read(stack, len(stack), above, kind)
        if depth is None:
            return False
        del stack[depth:]
        stack += above
        return True

    def accepts(self, stack: list[int], *kinds: str) -> bool:
        """Tell whether `kinds` can be read in a row, leaving `stack` alone."""
        return self.run(stack, kinds) == len(kinds)

    def run(self, stack: list[int], kinds: Iterable[str]) -> int:
        """Return how many of `kinds` can be read in a row, leaving `stack` alone."""
        above: list[int] = []
        depth = len(stack)
        count = 0
        for kind in kinds:
            read = self._read(stack, depth, above, kind)
            if read is None:
                break
            depth = read
            count += 1
        return count

    def expected(self, stack: list[int]) -> list[str]:
        """Return the terminals that can stand next."""
        return [kind for kind in self.actions[stack[-1]] if kind.isupper() and self.accepts(stack, kind)]

    def _read(self, stack: list[int], depth: int, above: list[int], kind: str) -> int | None:
        """Read one token on the first `depth` states of `stack` and those `above`; None if it cannot stand here.

        The stack itself is never copied: a try costs what it reads, however deep the text is nested.
        """
        while True:
            action = self.actions[above[-1] if above else stack[depth - 1]].get(kind)
            if action is None:
                return None
            if isinstance(action, int):
                above.append(action)
                return depth
            size, origin = action
            below = size - len(above)
            if below >= 0:
                above.clear()
                depth -= below
            elif size:
                del above[-size:]
            goto = self.actions[above[-1] if above else stack[depth - 1]][origin]
            if not isinstance(goto, int):
                raise TypeError("a parse table goes to a state after a reduction")
            above.append(goto)
            if kind == "$END" and goto == self.end:
                return depth
