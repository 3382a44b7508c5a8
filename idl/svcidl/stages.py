"""How long each stage of a run takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """Measures stages by name; one that comes several times is added up.

    Attributes:
        seconds: by stage, in the order of their first beginning.
        current: the stage that began last, "" before the first.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.current = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the block."""
        self.current = name
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began
