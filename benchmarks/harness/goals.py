"""Goals: one line each at the end of every script, and an exit code."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be.

    Attributes:
        name: short, with no space.
        value: what was measured; None if it was not.
        limit: `<= 0.75`, `>= 5`.
        unit: behind value and limit, e.g. `x`, ` µs`.
    """

    name: str
    value: float | None
    limit: str
    unit: str = "x"

    @property
    def is_missed(self) -> bool:
        """Whether it was measured and is not met."""
        if self.value is None:
            return False
        sign, bound = self.limit.split()
        return not (self.value <= float(bound) if sign == "<=" else self.value >= float(bound))

    def line(self) -> str:
        """Return `goal NAME: VALUE (want LIMIT) met`, `missed` or `not measured`."""
        value = "-" if self.value is None else f"{self.value:.3g}{self.unit}"
        verdict = "not measured" if self.value is None else "missed" if self.is_missed else "met"
        return f"goal {self.name}: {value} (want {self.limit}{self.unit}) {verdict}"


def judge(goals: Sequence[Goal], *, is_quick: bool) -> int:
    """Print every goal; return the exit code: 1 if one is missed, always 0 for a quick run, which says nothing."""
    for goal in goals:
        print(goal.line())
    return 0 if is_quick else int(any(goal.is_missed for goal in goals))
