"""The ledger itself: it sees every kind of broken promise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fault_ledger import Ledger
from soak_figures import Held, growth
from svcrt.errors import NotSent


def ordered(ledger: Ledger, kind: str, *steps: Callable[[], None], outcome: BaseException | str | None) -> None:
    ledger.begin(kind, "k", within=10.0)
    for step in steps:
        step()
    if outcome is not None:
        ledger.end("k", outcome)


@pytest.mark.parametrize(
    ("kind", "runs", "finished", "outcome", "fault"),
    [
        ("rpc", 1, 1, "done", ""),
        ("rpc", 0, 0, NotSent("no"), ""),
        ("rpc", 1, 0, "OutcomeUnknown", ""),
        ("idempotent", 3, 3, "done", ""),
        ("event", 2, 2, "done", ""),
        ("rpc", 0, 0, None, "ended 0 times"),
        ("rpc", 2, 2, "done", "not idempotent and ran 2 times"),
        ("rpc", 1, 1, NotSent("no"), "ended in NotSent, yet it ran"),
        ("rpc", 1, 1, KeyError("k"), "KeyError, which is none of its outcomes"),
        ("event", 1, 0, "done", "was confirmed and never ran to its end"),
        ("oneway", 0, 0, "RpcTimeout", "none of its outcomes"),
    ],
)
def test_what_it_finds(
    tmp_path: Path, kind: str, runs: int, finished: int, outcome: BaseException | str | None, fault: str
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ordered(
        ledger,
        kind,
        *[lambda: ledger.run("k")] * runs,
        *[lambda: ledger.finish("k")] * finished,
        outcome=outcome,
    )
    found = ledger.faults(grace=5.0)
    ledger.close()
    assert len(found) == (fault != "")
    assert fault in "".join(found)


def test_a_late_end_two_ends_and_a_run_that_nobody_asked_for(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.begin("rpc", "late", within=-10.0)
    ledger.end("late", "RpcTimeout")
    ledger.begin("rpc", "twice", within=10.0)
    ledger.end("twice", "RpcTimeout")
    ledger.end("twice", "OutcomeUnknown")
    ledger.run("forged")
    late, twice, forged = ledger.faults(grace=5.0)
    ledger.close()
    assert "beyond its -10 s" in late
    assert "ended 2 times" in twice
    assert "nobody had asked for it" in forged


def test_what_another_process_noted_counts(tmp_path: Path) -> None:
    client, service = Ledger(tmp_path / "ledger"), Ledger(tmp_path / "ledger", by="service")
    client.begin("event", "e", within=10.0)
    client.end("e")
    assert client.unheard() == ["e"]
    service.run("e")
    service.finish("e")
    assert client.unheard() == []
    assert client.read()["e"].runs == ["service"]
    assert client.outcomes("e") == {"done": 1}
    client.close()
    service.close()


@pytest.mark.parametrize(
    ("kind", "parked", "fault"),
    [
        ("doomed", "svc-error=ValueError", ""),
        ("doomed", None, "was confirmed and was not parked"),
        ("event", "svc-error=ValueError", "is parked, though nothing is wrong with it; it ran 0 times"),
        ("event", "svc-error=svc.Poison", ""),
        ("event", None, "was confirmed and never ran to its end"),
    ],
)
def test_what_is_parked(tmp_path: Path, kind: str, parked: str | None, fault: str) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ordered(ledger, kind, outcome="done")
    found = {} if parked is None else {"k": parked}
    assert ledger.unheard(parked=found) == ([] if parked else ["k"])
    faults = ledger.faults(grace=5.0, parked=found)
    assert len(faults) == (fault != "")
    assert fault in "".join(faults)
    ledger.clear()
    assert ledger.read() == {}
    ordered(ledger, "rpc", outcome="done")
    assert list(ledger.read()) == ["k"]
    ledger.close()


@pytest.mark.parametrize("name", ["connections", "channels", "queues", "rss_kib", "threads", "greens", "files"])
def test_growth_is_seen(name: str) -> None:
    figures = {"rss_kib": 40_000, "threads": 5, "greens": 20, "files": 10}
    before = Held(connections=8, channels=60, queues=20, processes={"instance 0": figures})
    after = Held(connections=8, channels=60, queues=20, processes={"instance 0": dict(figures)})
    assert list(growth(before, after)) == []
    if name in figures:
        after.processes = {"instance 0": {**figures, name: figures[name] + 100_000}}
    else:
        setattr(after, name, 1000)
    (sentence,) = growth(before, after)
    assert name in sentence
