"""psycopg in a patched process, where services run: a query lets the others run, an interrupted one spoils nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

PREPARATION = """
from svcrt.concurrency.green import patch
patch()
import signal, sys
from sqlalchemy import create_engine, text
import svcrt
from database_services import Base, Keeper
from probe_v1 import ProbeClient
from svcrt.concurrency import backend
from svcrt.context import CallContext, WorkerContext
from svcrt.testing import running
concurrency = backend("green")
broker, url = sys.argv[1:]
signal.alarm(90)
operator = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT").connect()
"""

WAITERS = """
class Waiting(Keeper):
    def ask(self, *, question):
        self.db.execute(text("SELECT pg_advisory_xact_lock_shared(7)"))
        return question

WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
operator.execute(text("SELECT pg_advisory_lock(7)"))
with running(Waiting, broker=broker, concurrency="green", config={"database": {"url": url}}):
    with svcrt.connect(broker, concurrency="green") as cluster:
        answers = concurrency.channel()
        for number in range(10):
            ask = lambda number=number: answers.put(ProbeClient(cluster).ask(question=str(number), timeout=60.0))
            concurrency.spawn(ask, name="a caller")
        # Were a query to stop the process, this would never see all ten, and never let them go on.
        while operator.scalar(WAITING) < 10:
            concurrency.sleep(0.01)
        operator.execute(text("SELECT pg_advisory_unlock(7)"))
        found = {answers.get(timeout=30) for _ in range(10)}
assert found == set(map(str, range(10))), found
print("done")
"""

INTERRUPTED = """
SLEEPING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

class Sleeping(Keeper):
    def ask(self, *, question):
        self.db.execute(text("SELECT pg_sleep(60)"))
        return question
    def one_at_a_time(self, *, question):
        assert self.db.scalar(text("SELECT 17")) == 17

outcomes = concurrency.channel()
settings = {"database": {"url": url, "pool_size": 1}}
with running(Sleeping, broker=broker, concurrency="green", config=settings) as runner:
    call = CallContext(call_id="1", traceparent="00-0-0-00")
    worker = runner.containers[0].spawn_long_worker(
        "ask", {"question": "x"}, WorkerContext(service="probe.v1.Probe", method="ask", call=call), outcomes.put,
        on_stopping=lambda: None,
    )
    while operator.scalar(SLEEPING) < 1:
        concurrency.sleep(0.01)
    assert worker.interrupt()
    assert outcomes.get(timeout=30).error is not None
    with svcrt.connect(broker, concurrency="green") as cluster:
        # On the pool's only place: the connection whose answer is still to come is not there any more.
        ProbeClient(cluster).one_at_a_time(question="x")
print("done")
"""


@pytest.mark.parametrize("program", [WAITERS, INTERRUPTED], ids=["waiters", "interrupted"])
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
