"""Rounds: all that is compared takes turns, A B A B …; a ratio is made within each round, and its median told."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Sample = dict[str, Any]
Value = Callable[[Sample], float]


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with its quartiles."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles, which of fewer than three values are the extremes."""
    if len(values) < 3:
        return Spread(min(values), statistics.median(values), max(values))
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(low, middle, high)


class Samples:
    """What was measured, by key (variant and work), one sample a round."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], list[Sample]] = defaultdict(list)

    def add(self, variant: str, work: str, sample: Sample) -> None:
        """Keep the sample of a round."""
        self.by_key[variant, work].append(sample)

    def update(self, other: "Samples") -> None:
        """Take over what others have."""
        self.by_key.update(other.by_key)

    def has(self, variant: str, work: str) -> bool:
        """Whether it was measured."""
        return (variant, work) in self.by_key

    def spread(self, variant: str, work: str, value: Value) -> Spread:
        """Return median and quartiles of a value."""
        return spread([value(sample) for sample in self.by_key[variant, work]])

    def ratio(self, ours: tuple[str, str], theirs: tuple[str, str], value: Value) -> Spread | None:
        """Return median and quartiles of the ratio ours to theirs, made round by round; None if one is missing."""
        if not self.has(*ours) or not self.has(*theirs):
            return None
        pairs = zip(self.by_key[ours], self.by_key[theirs], strict=False)
        return spread([value(a) / value(b) for a, b in pairs])

    def as_json(self) -> list[dict[str, Any]]:
        """Return every sample."""
        return [
            {"variant": variant, "work": work, "rounds": samples} for (variant, work), samples in self.by_key.items()
        ]


def per_second(sample: Sample) -> float:
    """Return calls per second."""
    return float(sample["per_second"])


def p50(sample: Sample) -> float:
    """Return the median latency in ms."""
    return float(sample["p50_ms"])


def p99(sample: Sample) -> float:
    """Return the 99th percentile of latency in ms."""
    return float(sample["p99_ms"])


def cpu(name: str) -> Value:
    """Return what gives the CPU time per call of one side in µs."""
    return lambda sample: float(sample["cpu_us"].get(name, float("nan")))


def python_cpu(sample: Sample) -> float:
    """Return the CPU time per call of client and service in µs."""
    return float(sample["cpu_us"]["client"]) + float(sample["cpu_us"]["service"])
