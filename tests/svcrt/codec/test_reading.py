from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest

from codec_orders import Address, Channel, Line, Payment, Plain, Status, Voucher
from svcrt.codec import Text, codec
from svcrt.errors import InvalidValue
from svcrt.generated import AnyValue, Digits, Int64


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (Int64, "-5", -5),
        (Int64 | None, "5", 5),
        (float, "1.5e3", 1500.0),
        (float, "2", 2.0),
        (bool, "true", True),
        (str, "true", "true"),
        (str, "", ""),
        (Annotated[Decimal, Digits(5, 2)], "1.50", Decimal("1.50")),
        (UUID, "00000000-0000-0000-0000-000000000001", UUID(int=1)),
        (date, "2024-02-29", date(2024, 2, 29)),
        (bytes, "AAE=", b"\x00\x01"),
        (Channel, "shop", Channel.STORE),
        (Status, "lost", "lost"),
        (list[Int64], "5", [5]),
        (list[Int64], ["5", "6"], [5, 6]),
        (set[str], ["a", "b"], {"a", "b"}),
        (Line, '{"sku":"A","quantity":2}', Line(sku="A", quantity=2)),
        (Payment, '{"type":"gift","code":"5"}', Voucher(code="5")),
        (dict[Int64, str], '{"1":"5"}', {1: "5"}),
        (AnyValue, "[1]", [1]),
        (AnyValue, "plain", "plain"),
        (Plain, {"name": "5", "count": "5"}, Plain(name="5", count=5)),
    ],
)
def test_text_is_read_as_the_type_says(annotation: Any, text: Any, value: Any) -> None:
    result = codec(annotation).convert(text, strict=True, text=True)
    assert result == value
    assert type(result) is type(value) or annotation is Status


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Int64, "+5"),
        (Int64, "05"),
        (Int64, "1_0"),
        (Int64, " 5"),
        (Int64, "\u0661"),
        (Int64, "9223372036854775808"),
        (Int64, "9" * 5000),
        (float, "nan"),
        (float, "1e999"),
        (float, ".5"),
        (bool, "True"),
        (bool, "1"),
        (Channel, "WEB"),
        (set[str], ["a", "a"]),
        (Address, "street"),
        (str, "\ud800"),
        (Line, '{"sku":"A","quantity":"2"}'),
    ],
)
def test_text_that_spells_nothing_of_the_type_is_refused(annotation: Any, text: Any) -> None:
    with pytest.raises(InvalidValue):
        codec(annotation).convert(text, strict=True, text=True)


def test_text_and_json_values_stand_side_by_side() -> None:
    value = {"name": "a", "count": Text("5"), "ratio": 0.25}
    assert codec(Plain).convert(value, strict=True) == Plain(name="a", count=5, ratio=0.25)
    with pytest.raises(InvalidValue) as caught:
        codec(Plain).convert({**value, "count": "5"}, strict=True)
    assert [fault.path for fault in caught.value.faults] == ["$.count"]


def test_converted_text_is_plain() -> None:
    assert type(codec(str).convert(Text("a"), strict=True)) is str
    assert type(codec(AnyValue).convert(Text("a"), strict=True)) is str
    assert type(codec(Status).convert(Text("lost"), strict=True).value) is str
