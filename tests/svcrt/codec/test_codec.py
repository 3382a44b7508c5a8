import subprocess
import sys
import threading
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest

from codec_orders import (
    Address,
    BigAddress,
    Card,
    Cat,
    Channel,
    Dog,
    Hostile,
    Line,
    Order,
    Payment,
    Pet,
    Plain,
    Status,
    Tree,
    Voucher,
    order,
)
from svcrt.codec import MAX_DEPTH, MAX_FAULTS, Codec, codec
from svcrt.errors import InvalidValue
from svcrt.generated import AnyValue, Digits, Format, Int64, LocalTime, Meta, Pattern, Timestamp, UnknownVariant

CENTS = Annotated[Decimal, Digits(5, 2, ge="-1.5", le="200")]


def faults(function: Any, *arguments: Any) -> list[str]:
    with pytest.raises(InvalidValue) as caught:
        function(*arguments)
    return [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("annotation", "value", "wire"),
    [
        (bool, True, b"true"),
        (Int64, 2**63 - 1, b"9223372036854775807"),
        (Int64, -(2**63), b"-9223372036854775808"),
        (float, 1.5, b"1.5"),
        (CENTS, Decimal("1.50"), b'"1.50"'),
        (str, "snø 😀", '"snø 😀"'.encode()),
        (bytes, b"\x00\x01", b'"AAE="'),
        (UUID, UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (Timestamp, datetime(2024, 2, 29, 1, 2, 3, 4, UTC), b'"2024-02-29T01:02:03.000004Z"'),
        (date, date(2024, 2, 29), b'"2024-02-29"'),
        (LocalTime, time(1, 2, 3), b'"01:02:03"'),
        (timedelta, timedelta(days=1, seconds=2), b'"P1DT2S"'),
        (AnyValue, {"a": [1, None, 2**70]}, b'{"a":[1,null,1180591620717411303424]}'),
        (list[Int64], [1, 2], b"[1,2]"),
        (set[str], {"a"}, b'["a"]'),
        (dict[UUID, Status], {UUID(int=1): Status.PLACED}, b'{"00000000-0000-0000-0000-000000000001":"placed"}'),
        (dict[Channel, Int64], {Channel.STORE: 1}, b'{"shop":1}'),
        (str | None, None, b"null"),
        (None, None, b"null"),
        (Status, Status("lost"), b'"lost"'),
        (Payment, Voucher(code="x"), b'{"type":"gift","code":"x"}'),
        (Payment, UnknownVariant("cash", {"a": 1.0, "type": "cash"}), b'{"a":1.0,"type":"cash"}'),
    ],
)
def test_what_travels(annotation: Any, value: Any, wire: bytes) -> None:
    ours = codec(annotation)
    assert ours.encode(value) == wire
    assert ours.decode(wire) == value
    assert ours.decode_strict(wire) == value


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Int64, 2**63),
        (Int64, True),
        (Int64, "1"),
        (float, float("nan")),
        (float, float("-inf")),
        (float | None, float("nan")),
        (list[float | None], [None, float("nan")]),
        (AnyValue, {"a": [float("inf")]}),
        (AnyValue, object()),
        (dict[str, float | None], {"null": float("nan")}),
        (CENTS, Decimal("NaN")),
        (CENTS, Decimal("Infinity")),
        (CENTS, Decimal("0.001")),
        (CENTS, Decimal("-1.51")),
        (CENTS, Decimal("200.01")),
        (Annotated[Decimal, Digits(3, 1)], Decimal("100.0")),
        (CENTS, 1.5),
        (str, 1),
        (str, "\ud800"),
        (Annotated[str, Meta(max_length=1)], "ab"),
        (Annotated[str, Pattern("^a$")], "a\n"),
        (Annotated[str, Pattern("^\\d$")], "\u0661"),
        (Annotated[str, Format("email")], "nobody"),
        (Annotated[bytes, Meta(min_length=2)], b"1"),
        (Timestamp, datetime(2024, 1, 1)),
        (Timestamp, "2023-02-29T00:00:00Z"),
        (date, datetime(2024, 1, 1, tzinfo=UTC)),
        (LocalTime, time(1, tzinfo=UTC)),
        (Channel, "post"),
        (set[str], ["a", "a"]),
        (list[str], None),
        (dict[Int64, str], {"x": "y"}),
        (dict[Annotated[str, Meta(max_length=1)], str], {"ab": "y"}),
        (Annotated[dict[str, str], Meta(min_length=1)], {}),
        (Address, BigAddress(street="x", owner="secret")),
        (Pet, UnknownVariant("cow", {"type": "cow"})),
        (Payment, UnknownVariant("cash", {"a": 1})),
        (Payment, UnknownVariant("gift", {"type": "gift"})),
        (Payment, Cat(name="Tom")),
        (None, 1),
    ],
)
def test_what_is_not_written(annotation: Any, value: Any) -> None:
    with pytest.raises(InvalidValue):
        codec(annotation).encode(value)


@pytest.mark.parametrize(
    ("annotation", "data"),
    [
        (Int64, b"9223372036854775808"),
        (Int64, b"1.0"),
        (Int64, b"true"),
        (float, b"1e400"),
        (AnyValue, b"[1e400]"),
        (AnyValue, b"NaN"),
        (CENTS, b"1.50"),
        (CENTS, b'"NaN"'),
        (CENTS, b'"1e2"'),
        (CENTS, b'"1_0"'),
        (CENTS, '"\u0661"'.encode()),
        (CENTS, b'"1.501"'),
        (CENTS, b'"1000"'),
        (Timestamp, b'"2024-01-01T00:00:00"'),
        (Timestamp, b'"0001-01-01T00:00:00+01:00"'),
        (Timestamp, b"0"),
        (LocalTime, b'"10:00:00Z"'),
        (timedelta, b'"P1Y"'),
        (bytes, b'"AAE"'),
        (Channel, b'"post"'),
        (set[Int64], b"[1,1]"),
        (set[CENTS], b'["1.0","1.00"]'),
        (dict[Int64, str], b'{"01":""}'),
        (Pet, b'{"type":"cow"}'),
        (Pet, b'{"name":"Tom"}'),
        (Pet, b'{"type":3}'),
        (Payment, b'{"type":"\\u0000unknown","tag":"a","value":{"x":1e400}}'),
        (str, b'"\xff"'),
        (str, b'"a" "b"'),
        (str, b'"\\ud800"'),
        (str, b'\xef\xbb\xbf"a"'),
        (str, b""),
        (Plain, b'{"name":"a","unknown":"\xff"}'),
        (Plain, b"[]"),
    ],
)
def test_what_is_not_read(annotation: Any, data: bytes) -> None:
    for read in (codec(annotation).decode, codec(annotation).decode_strict):
        with pytest.raises(InvalidValue):
            read(data)


def test_every_fault_of_a_value_is_told_with_its_wire_path() -> None:
    wrong = order(
        channel="post",
        lines=[Line(sku="a"), Line(sku="A", from_="x", quantity=0)],  # type: ignore[arg-type]
        note="too long",
        labels={"a b": "c"},
        total=Decimal("NaN"),
        payment=Card(last4="1", fallback=Card(last4="22")),
        placed_at=datetime(2024, 1, 1),
        email="secret",
        score=float("nan"),
        extra={"a": float("inf")},
    )
    expected = ["channel", "lines[0].sku", "lines[1].from", "lines[1].quantity", "note", 'labels["a b"]', "total"]
    expected += ["payment.last4", "payment.fallback.last4", "placed_at", "email", "score", "extra"]
    assert faults(codec(Order).encode, wrong) == [f"$.{path}" for path in expected]


def test_every_fault_of_a_message_is_told_and_nothing_of_its_values() -> None:
    data = b'{"lines":[{"sku":"hush"},3],"channel":"hush","address":"hush","ship_to":null,"payment":{"type":3},"odd":1}'
    with pytest.raises(InvalidValue) as caught:
        codec(Order).decode_strict(data)
    told = {fault.path: fault.message for fault in caught.value.faults}
    assert told["$.id"] == "is missing; it must be a UUID"
    assert told["$.lines[0].sku"] == "must be text of 1 to 9 characters that matches `^[A-Z0-9-]+$`"
    assert told["$.channel"] == "must be one of `web`, `shop`"
    assert told["$.address"] == "is the former name of `ship_to`, which is there too; leave it out"
    assert told["$.odd"] == "is not a field of `Order`; leave it out"
    assert {"$.lines[1]", "$.payment.type", "$.total", "$.placed_at", "$.email", "$.extra"} < told.keys()
    assert "hush" not in str(caught.value)


def test_the_bus_ignores_unknown_fields_and_http_refuses_them() -> None:
    ours = codec(Plain)
    assert ours.decode(b'{"name":"a","more":{"x":1e400}}') == Plain(name="a")
    assert faults(ours.decode_strict, b'{"name":"a","more":1,"and":2}') == ["$.more", "$.and"]


def test_the_last_of_equal_keys_counts() -> None:
    for read in (codec(Plain).decode, codec(Plain).decode_strict):
        assert read(b'{"name":3,"name":"a","count":1,"count":2}') == Plain(name="a", count=2)


def test_faults_are_capped() -> None:
    assert len(faults(codec(list[Int64]).decode, b"[" + b'"",' * 500 + b'""]')) == MAX_FAULTS
    assert len(faults(codec(list[Int64]).encode, [""] * 500)) == MAX_FAULTS


def test_former_field_names_are_read_in_every_way() -> None:
    ours = codec(Order)
    data = ours.encode(order(ship_to=Address(street="x"))).replace(b'"ship_to"', b'"address"')
    assert ours.decode(data).ship_to == ours.decode_strict(data).ship_to == Address(street="x")
    both = data.replace(b'"address"', b'"ship_to":null,"address"')
    assert faults(ours.decode, both) == faults(ours.decode_strict, both) == ["$.address"]


def test_former_enum_values_are_read_and_present_ones_written() -> None:
    data = codec(Order).encode(order()).replace(b'"placed"', b'"ordered"').replace(b'"web"', b'"store"')
    for read in (codec(Order).decode, codec(Order).decode_strict):
        value = read(data)
        assert (value.status, value.channel) == (Status.PLACED, Channel.STORE)
        assert b'"status":"placed","channel":"shop"' in codec(Order).encode(value)


def test_times_become_utc() -> None:
    moment = datetime(2024, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert codec(Timestamp).encode(moment) == b'"2023-12-31T23:30:00Z"'
    read = codec(Timestamp).decode(b'"2024-01-01T01:30:00+02:00"')
    assert read == moment
    assert read.tzinfo is UTC


def test_decimals_are_written_plainly() -> None:
    assert codec(CENTS).encode(Decimal("1E+2")) == b'"100"'
    assert codec(CENTS).encode(Decimal("1.5000")) == b'"1.50"'
    assert codec(CENTS).encode(Decimal("0E+9")) == b'"0"'


def test_unknown_variants_and_values_travel_through_unchanged() -> None:
    data = codec(Order).encode(order())
    data = data.replace(b'"payment":null', b'"payment":{"a":[1,2.50e0],"type":"cash","b":{"type":"x"}}')
    data = data.replace(b'"placed"', b'"on the way"')
    value = codec(Order).decode(data)
    assert value.status.is_unknown
    assert value.payment == UnknownVariant("cash", {"a": [1, 2.5], "type": "cash", "b": {"type": "x"}})
    assert codec(Order).encode(value) == data.replace(b"2.50e0", b"2.5")


def test_the_tag_of_unknown_variants_is_no_door_into_their_python_form() -> None:
    data = b'{"type":"\\u0000unknown","tag":"gift","value":{}}'
    assert codec(Payment).decode(data).tag == "\0unknown"


def test_other_python_types_are_taken_where_their_json_fits() -> None:
    value = order(id=str(UUID(int=1)), lines=({"sku": "A-1"},), tags=["a"], channel="web", score=1)
    read = codec(Order).decode_strict(codec(Order).encode(value))
    assert read == order(tags={"a"}, score=1.0)


def test_depth_is_limited_where_types_allow_any() -> None:
    for annotation in (AnyValue, dict[str, AnyValue], Tree, Payment):
        assert faults(codec(annotation).decode, b"[" * 10_000 + b"]" * 10_000) == ["$"]
        assert faults(codec(annotation).decode, b'{"x":' * 10_000) == ["$"]
    fits: Any = [[]]
    for _ in range(MAX_DEPTH - 2):
        fits = [fits]
    assert codec(AnyValue).decode(codec(AnyValue).encode(fits)) == fits
    assert faults(codec(AnyValue).encode, [fits]) == ["$"]
    assert faults(codec(AnyValue).decode, b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)) == ["$"]
    brackets = "[{" * 200
    assert codec(AnyValue).decode(codec(AnyValue).encode([f'\\"{brackets}'])) == [f'\\"{brackets}']


def test_values_that_hold_themselves_are_refused() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert faults(codec(AnyValue).encode, ring) == ["$"]
    tree = Tree()
    tree.children.append(tree)
    assert faults(codec(Tree).encode, tree) == ["$"]


def test_fields_may_be_called_anything() -> None:
    value = Hostile(from_=1, list=[1], self="s", type="t")
    value.hostile = Hostile(from_=2, list=[], self="", type="")
    assert codec(Hostile).decode_strict(codec(Hostile).encode(value)) == value


def test_a_deleted_attribute_is_a_fault() -> None:
    value = Plain(name="a")
    del value.count
    assert faults(codec(Plain).encode, value) == ["$.count"]


def test_closed_unions_take_their_variants_only() -> None:
    assert codec(Pet).decode(b'{"name":"Rex","type":"dog"}') == Dog(name="Rex")
    assert faults(codec(Pet).decode, b'{"name":"Rex","type":"cow"}') == ["$.type"]


def test_the_same_type_has_one_codec_in_every_thread() -> None:
    found: list[Codec[Any]] = []
    annotation = list[Annotated[str, Meta(max_length=77)]]
    threads = [threading.Thread(target=lambda: found.append(codec(annotation))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize("annotation", [complex, int | str, list, dict[float, str], Plain | Order, tuple[int, ...]])
def test_types_that_no_contract_holds_are_refused(annotation: Any) -> None:
    with pytest.raises(TypeError):
        codec(annotation)


def test_it_imports_nothing_but_msgspec() -> None:
    heavy = "eventlet amqp werkzeug click lark"
    check = f"import sys, svcrt.codec; print(sorted(set('{heavy}'.split()) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
