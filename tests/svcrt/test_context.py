import time

from svcrt.context import CallContext, Identity

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_without_a_deadline_nothing_remains_to_be_told() -> None:
    assert CallContext(call_id="a-1", traceparent=TRACE).remaining() is None


def test_remaining_time_does_not_become_negative() -> None:
    assert CallContext(call_id="a-1", traceparent=TRACE, deadline=time.monotonic() - 5).remaining() == 0.0


def test_a_child_never_has_more_time_than_its_parent() -> None:
    parent = CallContext(call_id="a-1", traceparent=TRACE, deadline=time.monotonic() + 2)
    assert parent.child(call_id="a-2", traceparent=TRACE, timeout=60.0).deadline == parent.deadline
    shorter = parent.child(call_id="a-3", traceparent=TRACE, timeout=1.0).deadline
    assert shorter is not None
    assert parent.deadline is not None
    assert shorter < parent.deadline
    assert parent.child(call_id="a-4", traceparent=TRACE).deadline is None


def test_a_child_knows_ten_ancestors_nearest_first() -> None:
    context = CallContext(call_id="c-0", traceparent=TRACE, baggage={"tenant": "acme"}, authorization="Bearer x")
    for number in range(1, 13):
        context = context.child(call_id=f"c-{number}", traceparent=TRACE, timeout=1.0)
    assert context.parents == tuple(f"c-{number}" for number in range(11, 1, -1))
    assert (context.baggage, context.authorization) == ({"tenant": "acme"}, "Bearer x")


def test_a_credential_goes_along_with_calls_only() -> None:
    who = Identity(scheme="bearer", kind="User", claims="{}")
    context = CallContext(call_id="a-1", traceparent=TRACE, authorization="Bearer secret", identity=who)
    call = context.child(call_id="a-2", traceparent=TRACE, timeout=1.0)
    assert (call.authorization, call.identity) == ("Bearer secret", who)
    job = context.child(call_id="a-3", traceparent=TRACE)
    assert (job.authorization, job.identity) == (None, who)


def test_no_credential_is_in_what_is_printed() -> None:
    who = Identity(scheme="bearer", kind="User", claims='{"mail":"ada"}')
    printed = repr(CallContext(call_id="a-1", traceparent=TRACE, authorization="Bearer secret", identity=who))
    assert "secret" not in printed
    assert "ada" not in printed
