"""How much holding the whole contract costs: the codec beside bare msgspec, on a plain and on a rich struct.

    python benchmarks/codec.py

Each figure is the fastest of several rounds, in microseconds per value; both sides of a ratio take turns within each
round. The A/A lines compare bare msgspec with itself: what differs from 1.00 there is noise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec

from svcrt.codec import codec
from svcrt.generated import (
    Digits,
    Int64,
    Meta,
    OpenEnum,
    Pattern,
    Renamed,
    Struct,
    Timestamp,
    UnknownVariant,
    field,
)

ROUNDS = 15
SECONDS_PER_ROUND = 0.05


class Status(OpenEnum):
    """Life cycle of an order."""

    PLACED = "placed"
    PAID = "paid"


class Item(Struct, kw_only=True):
    """A line of a plain order: text, numbers."""

    sku: Annotated[str, Meta(min_length=1, max_length=40)]
    quantity: Annotated[int, Meta(ge=1, le=999)] = 1
    weight: float


class PlainOrder(Struct, kw_only=True):
    """Nothing here that msgspec could not judge."""

    id: UUID
    status: Status = Status.PLACED
    lines: Annotated[list[Item], Meta(min_length=1, max_length=200)]
    note: Annotated[str, Meta(max_length=500)] | None = None
    labels: dict[str, str] = field(default_factory=dict[str, str])


class Line(Struct, kw_only=True):
    """A line of a rich order: a pattern, a decimal."""

    sku: Annotated[str, Meta(min_length=1, max_length=40), Pattern("^[A-Z0-9-]+$")]
    quantity: Annotated[int, Meta(ge=1, le=999)] = 1
    unit_price: Annotated[Decimal, Digits(12, 2)]


class Card(Struct, kw_only=True, tag="Card", tag_field="type"):
    """A variant."""

    last4: str


class Voucher(Struct, kw_only=True, tag="Voucher", tag_field="type"):
    """Another variant."""

    code: str


Payment: TypeAlias = Card | Voucher | UnknownVariant


class RichOrder(Struct, kw_only=True):
    """Decimals, timestamps, an open union, a set, a renamed field."""

    id: UUID
    status: Status = Status.PLACED
    lines: Annotated[list[Line], Meta(min_length=1, max_length=200)]
    total: Annotated[Decimal, Digits(12, 2, ge="0", le="1000000")]
    payment: Payment | None = None
    placed_at: Timestamp
    tags: set[str] = field(default_factory=set[str])
    customer: Annotated[Int64, Renamed("client")]


def sample_plain() -> PlainOrder:
    """A plain order of five lines."""
    lines = [Item(sku=f"SKU-{number}", quantity=number, weight=1.5) for number in range(1, 6)]
    return PlainOrder(id=UUID(int=7), lines=lines, labels={"source": "web", "season": "spring"})


def sample_rich() -> RichOrder:
    """A rich order of five lines."""
    return RichOrder(
        id=UUID(int=7),
        lines=[Line(sku=f"SKU-{number}", quantity=number, unit_price=Decimal("19.90")) for number in range(1, 6)],
        total=Decimal("298.50"),
        payment=Card(last4="1234"),
        placed_at=datetime(2024, 1, 31, 12, tzinfo=UTC),
        tags={"new", "gift"},
        customer=42,
    )


def compare(base: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    """Return the fastest time of each, in microseconds per call."""
    count = max(1, int(SECONDS_PER_ROUND / elapsed(base, 100) * 100))
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for side, function in enumerate((base, other)):
            best[side] = min(best[side], elapsed(function, count) / count * 1e6)
    return best[0], best[1]


def elapsed(function: Callable[[], Any], count: int) -> float:
    """Return the seconds that `count` calls take."""
    start = time.perf_counter()
    for _ in range(count):
        function()
    return time.perf_counter() - start


def report(name: str, base: Callable[[], Any], other: Callable[[], Any]) -> None:
    """Print one line."""
    first, second = compare(base, other)
    print(f"{name:<42} {first:8.2f} {second:8.2f} {second / first:7.2f}")


def measure(name: str, value: Any) -> None:
    """Compare every way through the codec on one value."""
    bare = msgspec.json.Encoder()
    ours, decoder = codec(type(value)), msgspec.json.Decoder(type(value))
    data = ours.encode(value)
    parsed = msgspec.json.decode(data)

    def native() -> Any:
        return decoder.decode(data)

    report(f"A/A: msgspec decode, {name}", native, native)
    report(f"encode, {name}", lambda: bare.encode(value), lambda: ours.encode(value))
    report(f"decode, {name}", native, lambda: ours.decode(data))
    report(f"decode_strict, {name}", native, lambda: ours.decode_strict(data))
    report(f"convert (the judge alone), {name}", native, lambda: ours.convert(parsed, strict=True))


def main() -> None:
    """Measure and print."""
    print(f"{'':<42} {'msgspec':>8} {'codec':>8} {'ratio':>7}   (µs per value)")
    measure("plain", sample_plain())
    measure("rich", sample_rich())


if __name__ == "__main__":
    main()
