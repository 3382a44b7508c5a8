import pytest

from svcrt import identities

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (TRACE, True),
        (TRACE[:-2] + "00", True),
        ("01-" + TRACE[3:] + "-later", True),
        (TRACE + "-later", False),
        ("ff-" + TRACE[3:], False),
        ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", False),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01", False),
        (TRACE.upper(), False),
        ("", False),
    ],
)
def test_traceparents(text: str, valid: bool) -> None:
    assert identities.is_traceparent(text) is valid


def test_child_traces_keep_trace_and_sampling_and_change_the_span() -> None:
    child = identities.child_trace(TRACE)
    assert identities.is_traceparent(child)
    assert child[:36] == TRACE[:36]
    assert child != TRACE
    assert identities.child_trace(TRACE[:-2] + "02").endswith("-00")
    assert identities.is_traceparent(identities.child_trace("nonsense"))
    assert identities.new_trace() != identities.new_trace()


def test_call_ids_count_from_a_random_prefix() -> None:
    ids = identities.CallIds("5f1c")
    assert [ids.next() for _ in range(17)][-2:] == ["5f1c-10", "5f1c-11"]
    assert identities.CallIds().next() != identities.CallIds().next()
