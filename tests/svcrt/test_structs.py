import copy
import pickle
from typing import Annotated, Any, cast

import pytest

from codec_orders import Channel, Status, order
from svcrt.generated import Sensitive, Struct
from svcrt.structs import MAX_UNKNOWN_LENGTH, MAX_UNKNOWN_VALUES, OpenEnum, UnknownVariant, sensitive_fields


class Secretive(Struct, kw_only=True):
    name: str
    password: Annotated[str, Sensitive()] | None
    other: Any = None


def test_unknown_values_are_their_strings() -> None:
    value = Status("lost")
    assert value.is_unknown
    assert not Status.PLACED.is_unknown
    assert value == "lost"
    assert hash(value) == hash("lost")
    assert str(value) == f"{value}" == "lost"
    assert value is Status("lost")
    assert list(Status) == [Status.PLACED, Status.CANCELLED]
    assert Status("PLACED").is_unknown


@pytest.mark.parametrize("value", [Status.PLACED, Status("lost"), Status("x" * (MAX_UNKNOWN_LENGTH + 1))])
def test_open_values_pickle_and_copy(value: Status) -> None:
    for same in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert same == value
        assert type(same) is Status
        assert same.is_unknown == value.is_unknown


def test_few_unknown_values_are_remembered() -> None:
    class Grade(OpenEnum):
        A = "a"

    long = "x" * (MAX_UNKNOWN_LENGTH + 1)
    assert Grade(long) == Grade(long)
    assert Grade(long) is not Grade(long)
    first, *_, last = [Grade(f"grade {number}") for number in range(MAX_UNKNOWN_VALUES + 1)]
    assert Grade(first.value) is first
    assert Grade(last.value) == last
    assert Grade(last.value) is not last


def test_enums_of_one_kind_do_not_share_unknown_values() -> None:
    class Other(OpenEnum):
        A = "a"

    values: list[object] = [Status("elsewhere"), Other("elsewhere")]
    assert list(map(type, values)) == [Status, Other]


def test_former_values_name_the_present_member() -> None:
    assert Status("ordered") is Status.PLACED
    assert Channel("store") is Channel.STORE


def test_closed_enums_refuse_and_both_refuse_other_types() -> None:
    with pytest.raises(ValueError, match="lost"):
        Channel("lost")
    with pytest.raises(ValueError, match="3"):
        Status(cast("Any", 3))


def test_sensitive_fields_are_masked() -> None:
    value = Secretive(name="x", password="hush")
    value.other = value
    assert repr(value) == "Secretive(name='x', password=***, other=...)"
    assert "a@example.org" not in repr([order()])
    assert sensitive_fields(Secretive) == {"password"}
    assert "hush" not in str(value.__rich_repr__())


def test_unknown_variants_say_what_they_hold() -> None:
    assert repr(UnknownVariant("cash", {"type": "cash"})) == "UnknownVariant(tag='cash', value={'type': 'cash'})"
    match UnknownVariant("cash", {}):
        case UnknownVariant(tag=tag):
            assert tag == "cash"
