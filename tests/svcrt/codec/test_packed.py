"""MessagePack: one contract with JSON, byte-exact spellings, and what hostile bytes end in."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codec_types import JSON_VALUES, REFUSED, TYPES, damaged, outcome, typed_values, with_wrong_part
from svcrt.codec import Codec, codec
from svcrt.codec.values import without_bytes
from svcrt.errors import InvalidValue
from svcrt.generated import AnyValue, Digits, Int64, LocalTime, Meta, OpenEnum, Struct, Timestamp, UnknownVariant

PROFILE = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MSGPACK = msgspec.msgpack


@PROFILE
@given(typed_values())
def test_what_is_packed_is_unpacked_and_is_the_json_of_the_value(typed: tuple[Any, Any]) -> None:
    annotation, value = typed
    ours = codec(annotation)
    data = outcome(ours.pack, value)
    if data == REFUSED:
        # Whole numbers of more than 64 bits in `any`.
        assert "OverflowError" in repr(outcome_of_encoding(ours.to_builtins(value)))
        return
    assert ours.unpack(data) == value
    assert without_bytes(MSGPACK.decode(data)) == ours.to_builtins(value)
    assert ours._packing._write(value) == data, "the judge writes what the fast path writes"


def outcome_of_encoding(plain: Any) -> Any:
    try:
        return MSGPACK.encode(plain)
    except OverflowError as error:
        return error


@PROFILE
@given(typed_values(), st.data())
def test_damaged_values_end_as_they_do_in_json(typed: tuple[Any, Any], data: st.DataObject) -> None:
    annotation, value = typed
    ours = codec(annotation)
    plain = damaged(data.draw, ours.to_builtins(value))
    packed = outcome_of_encoding(plain)
    if isinstance(packed, bytes):
        assert repr(outcome(ours.unpack, packed)) == repr(outcome(ours.convert, plain, strict=False))


@PROFILE
@given(typed_values(), st.data())
def test_whatever_is_packed_obeys_the_contract(typed: tuple[Any, Any], data: st.DataObject) -> None:
    annotation, value = typed
    ours = codec(annotation)
    wrong = data.draw(JSON_VALUES | TYPES.flatmap(lambda other: other.values))
    changed = with_wrong_part(data.draw, value, wrong)
    packed, text = outcome(ours.pack, changed), outcome(ours.encode, changed)
    if packed == REFUSED:
        assert text == REFUSED or isinstance(outcome_of_encoding(ours.to_builtins(changed)), OverflowError)
    else:
        assert ours.unpack(packed) == ours.decode(text)


@PROFILE
@given(typed_values(), st.binary(max_size=40), st.data())
def test_no_bytes_do_more_than_break_the_contract(typed: tuple[Any, Any], junk: bytes, data: st.DataObject) -> None:
    annotation, value = typed
    ours = codec(annotation)
    packed = outcome(ours.pack, value)
    packed = b"" if packed == REFUSED else packed
    place = data.draw(st.integers(0, len(packed)))
    skipped = data.draw(st.integers(0, 3))
    read = outcome(ours.unpack, packed[:place] + junk + packed[place + skipped :])
    if read != REFUSED:
        assert ours.unpack(ours.pack(read)) == read or read != read


class Mood(OpenEnum):
    """An open enum."""

    GOOD = "good"


class Photo(Struct, kw_only=True, tag="photo", tag_field="type"):
    """A variant."""

    data: bytes


class Memo(Struct, kw_only=True, tag="memo", tag_field="type"):
    """Another one."""

    text: str


class Holder(Struct, kw_only=True):
    """Some fields, all with a default."""

    number: Int64 = 0
    weight: float = 0.0
    text: str = ""
    mood: Mood = Mood.GOOD
    inner: "Holder | None" = None


@pytest.mark.parametrize(
    ("annotation", "value", "data"),
    [
        (Int64, 5, "05"),
        (Int64, -(2**63), "d38000000000000000"),
        (float, 0.5, "cb3fe0000000000000"),
        (str, "é", "a2c3a9"),
        (bytes, b"\x00\xff", "c40200ff"),
        (Annotated[Decimal, Digits(5, 2)], Decimal("1.50"), "a4312e3530"),
        (UUID, UUID(int=1), "d924" + b"00000000-0000-0000-0000-000000000001".hex()),
        (
            Timestamp,
            datetime(2024, 1, 31, 14, tzinfo=timezone(timedelta(hours=2))),
            "b4" + b"2024-01-31T12:00:00Z".hex(),
        ),
        (date, date(2024, 1, 31), "aa" + b"2024-01-31".hex()),
        (LocalTime, time(12, 30), "a8" + b"12:30:00".hex()),
        (timedelta, timedelta(seconds=90), "a5" + b"PT90S".hex()),
        (Mood, Mood("other"), "a56f74686572"),
        (set[str], {"a"}, "91a161"),
        (dict[Int64, bool], {1: True}, "81a131c3"),
        (str | None, None, "c0"),
        (Photo | Memo | UnknownVariant, Photo(data=b"\x01"), "82a474797065a570686f746fa464617461c40101"),
        (AnyValue, {"a": [1, None]}, "81a1619201c0"),
    ],
)
def test_the_spelling_of_each_type(annotation: Any, value: Any, data: str) -> None:
    ours = codec(annotation)
    assert ours.pack(value).hex() == data
    assert ours.unpack(bytes.fromhex(data)) == value


def test_bytes_are_read_as_text_too_and_are_text_where_no_contract_knows_them() -> None:
    assert codec(bytes).unpack(MSGPACK.encode("AP8=")) == b"\x00\xff"
    assert codec(AnyValue).unpack(MSGPACK.encode({"a": [b"\x00\xff"]})) == {"a": ["AP8="]}
    reader: Codec[Any] = codec(Memo | UnknownVariant)
    unknown = reader.unpack(codec(Photo).pack(Photo(data=b"\x01")))
    assert unknown == UnknownVariant("photo", {"type": "photo", "data": "AQ=="})
    assert codec(Photo).unpack(reader.pack(unknown)) == Photo(data=b"\x01")


TIMESTAMP = b"\xd6\xff\x00\x00\x00\x00"
NAN = MSGPACK.encode(math.nan)


@pytest.mark.parametrize(
    ("annotation", "data"),
    [
        (Any, b"\x91" * 101 + b"\xc0"),
        (Any, b"\x91" * 5_000_000 + b"\xc0"),
        (Holder, b"\x81\xa5inner" * 101 + b"\x80"),
        (Holder, b"\x81\xa1x" + b"\x91" * 1_000_000 + b"\xc0"),
        (Any, b"\xdd\xff\xff\xff\xff"),
        (Any, b"\xdd\xff\xff\xff\xff" * 100),
        (Any, b"\xdc\xff\xff" * 900 + b"\xc0" * 70_000),
        (Any, b"\xdf\xff\xff\xff\xff\xa1a"),
        (Any, b"\xdb\xff\xff\xff\xffabc"),
        (bytes, b"\xc6\xff\xff\xff\xffabc"),
        (Any, b"\xc9\xff\xff\xff\xff\x01abc"),
        (Any, b"\xd4\x05x"),
        (Any, TIMESTAMP),
        (Any, b"\x91" + TIMESTAMP),
        (Timestamp, TIMESTAMP),
        (date, TIMESTAMP),
        (str, TIMESTAMP),
        (str, b"\xc4\x01a"),
        (UUID, b"\xc4\x10" + b"0" * 16),
        (Any, NAN),
        (float, NAN),
        (float | None, NAN),
        (float, MSGPACK.encode(-math.inf)),
        (Holder, b"\x81\xa6weight" + NAN),
        (Any, b"\x81\x01\x02"),
        (Any, b"\x81\xc0\x02"),
        (Any, b"\x81\x91\x01\x02"),
        (Any, b"\x81\x80\x02"),
        (Any, b"\x81" + NAN + b"\x02"),
        (Any, b"\x81\xc4\x01a\x02"),
        (dict[str, Int64], b"\x81\x01\x02"),
        (dict[Int64, Int64], b"\x81\x01\x02"),
        (dict[UUID, Int64], b"\x81\xc4\x10" + b"0" * 16 + b"\x02"),
        (Holder, b"\x81\x01\x02"),
        (Memo | UnknownVariant, b"\x82\xa4type\xa1x\x01\x02"),
        (Int64, MSGPACK.encode(2**63)),
        (Int64, MSGPACK.encode(5.0)),
        (Int64, MSGPACK.encode(True)),
        (Any, b""),
        (Any, b"\xc1"),
        (Any, b"\xc0\xc0"),
        (Any, b"\xa2\xff\xff"),
        (Any, b"\xa3\xed\xa0\x80"),
        (Holder, b"\x82\xa6number\x01"),
        (Holder, b"{}"),
    ],
)
def test_hostile_bytes_are_refused(annotation: Any, data: bytes) -> None:
    with pytest.raises(InvalidValue) as caught:
        codec(annotation).unpack(data)
    assert len(str(caught.value)) < 300


def test_faults_have_their_paths() -> None:
    data = MSGPACK.encode({"number": "x", "weight": math.nan, "inner": {"text": b"a", "mood": 5, 7: 1}, "new": b""})
    with pytest.raises(InvalidValue) as caught:
        codec(Holder).unpack(data)
    assert [fault.path for fault in caught.value.faults] == ["$.number", "$.weight", "$.inner"]
    with pytest.raises(InvalidValue) as caught:
        codec(list[Annotated[str, Meta(max_length=1)]]).pack(["a", "bb"])
    assert [fault.path for fault in caught.value.faults] == ["$[1]"]


def test_unknown_fields_are_ignored_whatever_they_hold() -> None:
    data = MSGPACK.encode({"number": 1, "new": {3: [TIMESTAMP, math.nan]}, "photo": b"\x00"})
    assert codec(Holder).unpack(data) == Holder(number=1)


@pytest.mark.parametrize("value", [math.nan, [math.inf], {1: math.nan}, 2**64, "\ud800", object(), UTC])
def test_what_json_or_messagepack_cannot_hold_is_not_packed(value: Any) -> None:
    with pytest.raises(InvalidValue):
        codec(Any).pack(value)


def test_no_value_is_packed_that_no_reader_takes() -> None:
    deep: Holder | None = None
    for _ in range(150):
        deep = Holder(inner=deep)
    with pytest.raises(InvalidValue, match="nested"):
        codec(Holder).pack(deep or Holder())
