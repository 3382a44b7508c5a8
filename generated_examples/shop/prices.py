"""Prices that an instance remembers: a custom provider in four lines."""

from decimal import Decimal

from svcrt import DependencyProvider, WorkerContext


class Prices(DependencyProvider[dict[str, Decimal]]):
    """One dictionary per instance, price by article number; the event `PriceChanged` keeps it true."""

    def setup(self) -> None:
        self.remembered: dict[str, Decimal] = {}

    def get_dependency(self, context: WorkerContext) -> dict[str, Decimal]:
        return self.remembered
