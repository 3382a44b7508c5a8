"""psycopg in a patched process, where services run: a query lets the others run, an interrupted one spoils nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

PREPARATION = """
from svcrt.concurrency.green import patch
patch()
import sys, time
from sqlalchemy import text
import svcrt
from database_services import Base, Keeper
from probe_v1 import ProbeClient
from svcrt.concurrency import backend
from svcrt.context import CallContext, WorkerContext
from svcrt.testing import running
concurrency = backend("green")
broker, url = sys.argv[1:]
"""

SLEEPERS = """
class Sleeping(Keeper):
    def ask(self, *, question):
        self.db.execute(text("SELECT pg_sleep(0.5)"))
        return question

ticks = 0
def tick():
    global ticks
    while True:
        concurrency.sleep(0.01)
        ticks += 1

with running(Sleeping, broker=broker, concurrency="green", config={"database": {"url": url}}):
    with svcrt.connect(broker, concurrency="green") as cluster:
        answers = concurrency.channel()
        concurrency.spawn(tick, name="ticks")
        began = time.monotonic()
        for number in range(10):
            ask = lambda number=number: answers.put(ProbeClient(cluster).ask(question=str(number)))
            concurrency.spawn(ask, name="a caller")
        found = {answers.get(timeout=30) for _ in range(10)}
        took = time.monotonic() - began
assert found == set(map(str, range(10))), found
# One after the other they take 5 s, in which the hub turns once per query.
assert took < 3.0, took
assert ticks >= 15, ticks
print("done")
"""

INTERRUPTED = """
class Sleeping(Keeper):
    def ask(self, *, question):
        began.set()
        self.db.execute(text("SELECT pg_sleep(60)"))
        return question
    def one_at_a_time(self, *, question):
        assert self.db.scalar(text("SELECT 17")) == 17

began, outcomes = concurrency.flag(), concurrency.channel()
settings = {"database": {"url": url, "pool_size": 1}}
with running(Sleeping, broker=broker, concurrency="green", config=settings) as runner:
    call = CallContext(call_id="1", traceparent="00-0-0-00")
    worker = runner.containers[0].spawn_long_worker(
        "ask", {"question": "x"}, WorkerContext(service="probe.v1.Probe", method="ask", call=call), outcomes.put,
        on_stopping=lambda: None,
    )
    assert began.wait(30)
    concurrency.sleep(0.1)
    assert worker.interrupt()
    assert outcomes.get(timeout=30).error is not None
    with svcrt.connect(broker, concurrency="green") as cluster:
        # On the pool's only place: the connection whose answer is still to come is not there any more.
        ProbeClient(cluster).one_at_a_time(question="x")
print("done")
"""


@pytest.mark.parametrize("program", [SLEEPERS, INTERRUPTED], ids=["sleepers", "interrupted"])
def test_queries_wait_in_the_hub(
    embedded_broker_url: str, postgresql_url: str, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "support"))
    done = subprocess.run(
        [sys.executable, "-c", PREPARATION + program, embedded_broker_url, postgresql_url],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr
