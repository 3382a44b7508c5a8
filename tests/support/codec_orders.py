"""Types as the compiler writes them, one of every kind."""

from __future__ import annotations

import builtins
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from svcrt.generated import (
    AnyValue,
    ClosedEnum,
    Digits,
    Format,
    Int64,
    LocalTime,
    Meta,
    OpenEnum,
    Pattern,
    Renamed,
    Sensitive,
    Struct,
    Timestamp,
    UnknownVariant,
    field,
)
from svcrt.generated import field as field_


class Status(OpenEnum):
    __renamed__ = {"ordered": "placed"}  # noqa: RUF012 - as generated code writes it

    PLACED = "placed"
    CANCELLED = "cancelled"


class Channel(ClosedEnum):
    __renamed__ = {"store": "shop"}  # noqa: RUF012 - as generated code writes it

    WEB = "web"
    STORE = "shop"


class Address(Struct, kw_only=True):
    street: str


class BigAddress(Struct, kw_only=True):
    """Everything of an `Address`, and more."""

    street: str
    owner: str


class Line(Struct, kw_only=True, rename={"from_": "from"}):
    sku: Sku
    from_: Int64 = 0
    quantity: Annotated[int, Meta(ge=1, le=999)] = 1
    price: Annotated[Decimal, Digits(12, 2)] = Decimal("1.00")


class Card(Struct, kw_only=True, tag="Card", tag_field="type"):
    last4: Annotated[str, Meta(min_length=4, max_length=4)]
    fallback: Payment | None = None


class Voucher(Struct, kw_only=True, tag="gift", tag_field="type"):
    code: str


class Cat(Struct, kw_only=True, tag="cat", tag_field="type"):
    name: str


class Dog(Struct, kw_only=True, tag="dog", tag_field="type"):
    name: str


class Order(Struct, kw_only=True):
    id: UUID
    status: Status = Status.PLACED
    channel: Channel = Channel.WEB
    lines: Annotated[list[Line], Meta(min_length=1, max_length=3)]
    note: Annotated[str, Meta(max_length=5)] | None = None
    labels: dict[Sku, str] = field(default_factory=dict[str, str])
    total: Annotated[Decimal, Digits(12, 2, ge="0", le="1000")]
    payment: Payment | None = None
    placed_at: Timestamp
    due: date | None = None
    wait: timedelta = timedelta(seconds=5)
    opens: LocalTime | None = None
    email: Annotated[str, Format("email"), Sensitive()]
    ship_to: Annotated[Address | None, Renamed("address")] = None
    tags: set[str] = field(default_factory=set[str])
    score: float | None = None
    extra: AnyValue


class Plain(Struct, kw_only=True):
    """Nothing here that needs more than msgspec."""

    name: Annotated[str, Meta(min_length=1)]
    count: Int64 = 0
    ratio: float = 0.5


class Tree(Struct, kw_only=True):
    children: list[Tree] = field(default_factory=list["Tree"])


class Hostile(Struct, kw_only=True, rename={"from_": "from"}):
    """Fields called like what their class needs."""

    from_: Int64
    int: Int64 = 3
    str: builtins.str = "x"
    list: builtins.list[builtins.int]
    dict: builtins.dict[builtins.str, builtins.int] = field_(default_factory=builtins.dict[builtins.str, builtins.int])
    field: builtins.str = "y"
    self: builtins.str
    type: builtins.str
    hostile: hostile_t | None = None
    labels: builtins.list[builtins.str] = field_(default_factory=builtins.list[builtins.str])


hostile_t: TypeAlias = Hostile
Sku: TypeAlias = Annotated[str, Meta(min_length=1, max_length=9), Pattern("^[A-Z0-9-]+$")]
Payment: TypeAlias = Card | Voucher | UnknownVariant
Pet: TypeAlias = Cat | Dog


def order(**changes: Any) -> Order:
    """A small valid order, with `changes` that may be of any type: constructors do not validate."""
    values: dict[str, Any] = {
        "id": UUID(int=1),
        "lines": [Line(sku="A-1")],
        "total": Decimal("3.00"),
        "placed_at": datetime(2024, 1, 31, 12, tzinfo=UTC),
        "email": "a@example.org",
        "extra": None,
        **changes,
    }
    return Order(**values)
