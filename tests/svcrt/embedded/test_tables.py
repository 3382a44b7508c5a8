from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import encode

from svcrt.embedded.errors import ProtocolError
from svcrt.embedded.tables import check_table, read_table, split_table

_SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=20),
    st.none(),
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(lambda t: t.replace(microsecond=0, tzinfo=UTC)),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
_TABLES = st.dictionaries(st.text(max_size=10), _VALUES, max_size=5)


@given(_TABLES)
def test_what_pamqp_writes_is_read(table: dict[str, Any]) -> None:
    data = encode.field_table(table)
    assert read_table(data, 0) == (table, len(data))
    assert check_table(data, 0) == len(data)


@given(_TABLES)
def test_split_keeps_every_value_as_it_came(table: dict[str, Any]) -> None:
    assert split_table(encode.field_table(table), 0) == {
        name: encode.encode_table_value(value) for name, value in table.items()
    }


def test_numbers_of_every_size() -> None:
    values = b"\x01ad\x3f\xf8\0\0\0\0\0\0" + b"\x01bf\x3f\xc0\0\0" + b"\x01cD\x02\0\0\0\x7b" + b"\x01dL" + b"\xff" * 8
    table, _ = read_table(len(values).to_bytes(4, "big") + values, 0)
    assert table == {"a": 1.5, "b": 1.5, "c": Decimal("1.23"), "d": -1}


@given(_TABLES, st.data())
def test_damage_is_a_protocol_error_or_another_table(table: dict[str, Any], data: st.DataObject) -> None:
    encoded = bytearray(encode.field_table(table))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(encoded[: data.draw(st.integers(0, len(encoded)))])
    with suppress(ProtocolError):
        check_table(damaged, 0)
        read_table(damaged, 0)
        split_table(damaged, 0)


@given(st.binary(max_size=60))
def test_whatever_check_accepts_can_be_read(data: bytes) -> None:
    framed = len(data).to_bytes(4, "big") + data
    try:
        check_table(framed, 0)
    except ProtocolError:
        return
    assert read_table(framed, 0)[1] == len(framed)


def test_deep_nesting_is_refused_without_exhausting_the_stack() -> None:
    data = b"V"
    for _ in range(10_000):
        data = b"A" + len(data).to_bytes(4, "big") + data
    entry = b"\x01x" + data
    with pytest.raises(ProtocolError, match="nested deeper"):
        check_table(len(entry).to_bytes(4, "big") + entry, 0)
    with pytest.raises(ProtocolError, match="nested deeper"):
        read_table(len(entry).to_bytes(4, "big") + entry, 0)
