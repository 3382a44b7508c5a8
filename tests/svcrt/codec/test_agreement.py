from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codec_types import JSON_VALUES, REFUSED, TYPES, damaged, damaged_text, outcome, typed_values, with_wrong_part
from svcrt.codec import codec
from svcrt.codec.faults import Walk
from svcrt.codec.reading import Readers
from svcrt.codec.reflect import Reflector
from svcrt.codec.values import UNTYPED
from svcrt.codec.writing import Writers

PROFILE = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@PROFILE
@given(typed_values())
def test_what_is_written_is_read_back(typed: tuple[Any, Any]) -> None:
    annotation, value = typed
    ours = codec(annotation)
    data = ours.encode(value)
    assert ours.decode(data) == value
    assert ours.decode_strict(data) == value
    assert ours.convert(UNTYPED.decode(data), strict=True) == value


@PROFILE
@given(typed_values())
def test_the_judge_writes_what_the_fast_path_writes(typed: tuple[Any, Any]) -> None:
    annotation, value = typed
    walk = Walk(strict=True)
    plain = Writers(Readers()).of(Reflector().shape(annotation))(value, None, walk)
    assert walk.faults == []
    assert plain == codec(annotation).to_builtins(value)


@PROFILE
@given(typed_values(), st.data())
def test_fast_path_and_judge_agree_on_damaged_values(typed: tuple[Any, Any], data: st.DataObject) -> None:
    annotation, value = typed
    ours = codec(annotation)
    text = msgspec.json.encode(damaged(data.draw, ours.to_builtins(value)))
    plain = UNTYPED.decode(text)
    assert outcome(ours.decode, text) == outcome(ours.convert, plain, strict=False)
    assert outcome(ours.decode_strict, text) == outcome(ours.convert, plain, strict=True)


@PROFILE
@given(typed_values(), st.data())
def test_fast_path_and_judge_agree_on_damaged_text(typed: tuple[Any, Any], data: st.DataObject) -> None:
    annotation, value = typed
    ours = codec(annotation)
    text = damaged_text(data.draw, ours.encode(value))
    try:
        text.decode()
        plain = UNTYPED.decode(text)
    except (UnicodeDecodeError, msgspec.MsgspecError):
        assert outcome(ours.decode, text) == outcome(ours.decode_strict, text) == REFUSED
    else:
        assert repr(outcome(ours.decode, text)) == repr(outcome(ours.convert, plain, strict=False))
        assert repr(outcome(ours.decode_strict, text)) == repr(outcome(ours.convert, plain, strict=True))


@PROFILE
@given(typed_values(), st.data())
def test_whatever_is_written_obeys_the_contract(typed: tuple[Any, Any], data: st.DataObject) -> None:
    annotation, value = typed
    ours = codec(annotation)
    wrong = data.draw(JSON_VALUES | TYPES.flatmap(lambda other: other.values))
    text = outcome(ours.encode, with_wrong_part(data.draw, value, wrong))
    if text != REFUSED:
        assert ours.decode_strict(text) == ours.convert(UNTYPED.decode(text), strict=True)


def test_the_agreement_tests_see_both_outcomes() -> None:
    """Damage that never, or always, breaks the contract would make the tests above empty."""
    seen: set[bool] = set()

    @PROFILE
    @given(typed_values(), st.data())
    def watch(typed: tuple[Any, Any], data: st.DataObject) -> None:
        annotation, value = typed
        ours = codec(annotation)
        changed = damaged(data.draw, ours.to_builtins(value))
        seen.add(outcome(ours.convert, changed, strict=False) == REFUSED)

    watch()
    assert seen == {True, False}
