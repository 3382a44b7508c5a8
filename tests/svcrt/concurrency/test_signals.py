import signal
import subprocess
import sys

import pytest

PROGRAM = """
import signal, sys
from svcrt.concurrency import backend
if {patched}:
    from svcrt.concurrency.green import patch
    patch()
concurrency = backend({name!r})
ended = concurrency.flag()
seen = []
def on_signal(number):
    seen.append(signal.Signals(number).name)
    concurrency.sleep(0)
    if len(seen) == 2:
        ended.set()
restore = concurrency.on_signal([signal.SIGTERM, signal.SIGUSR1], on_signal)
print("ready", flush=True)
ended.wait()
restore()
print(*seen, signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)
"""


@pytest.mark.parametrize(("name", "patched"), [("green", False), ("green", True), ("threads", False)])
def test_an_idle_process_acts_on_a_signal_at_once(name: str, patched: bool) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(name=name, patched=patched)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGUSR1)
        process.send_signal(signal.SIGTERM)
        # Left to itself, the hub would look again after 60 s.
        out, err = process.communicate(timeout=20)
        assert (sorted(out.split()), err) == (["SIGTERM", "SIGUSR1", "True"], "")
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
