"""Servers that load the application and fork their workers: `gunicorn --preload`, uWSGI, multiprocessing."""

import subprocess
import sys
from pathlib import Path

from desk_services import desk_on

SUPPORT = Path(__file__).parents[1] / "support"

SCRIPT = """
import os, sys
import svcrt
from desk.v1 import DeskClient, Rung, contract
from svcrt import identities
from svcrt.errors import RpcTimeout

url = sys.argv[1]
cluster = svcrt.connect(url)
desk = DeskClient(cluster)
assert desk.name() == "desk"

def refused(use):
    try:
        use()
    except RuntimeError as error:
        return "cannot be used in its fork" in str(error) and "connect after the fork" in str(error)
    return False

def child(out):
    uses = [
        desk.name,
        lambda: desk.futures.name(),
        lambda: desk.count(first=1, last=2),
        lambda: desk.note(text="a"),
        lambda: cluster.emit(contract.RUNG, Rung(times=1, by=b"")),
    ]
    assert all(map(refused, uses))
    cluster.close()
    with svcrt.connect(url) as own:
        assert DeskClient(own).name() == "desk"
        try:
            DeskClient(own).wait(seconds=1.0, timeout=0.1)
        except RpcTimeout:
            pass
        else:
            raise AssertionError("no deadline was kept: the clock of the parent does not tick here")
    out.write(f"{identities.CALL_IDS.next().partition('-')[0]} {identities.new_trace()[3:35]}\\n")
    out.close()

reader, writer = os.pipe()
children = []
for _ in range(2):
    forked = os.fork()
    if forked == 0:
        code = 1
        try:
            child(os.fdopen(writer, "w"))
            code = 0
        finally:
            os._exit(code)
    children.append(forked)
os.close(writer)
assert [os.waitpid(forked, 0)[1] for forked in children] == [0, 0]
mine = f"{identities.CALL_IDS.next().partition('-')[0]} {identities.new_trace()[3:35]}"
lines = [mine, *os.fdopen(reader).read().split("\\n")[:2]]
for each in zip(*(line.split() for line in lines)):
    assert len(set(each)) == 3, each
assert desk.name() == "desk"
cluster.close()
print("fine")
"""


def test_a_fork_needs_a_connection_of_its_own_and_gets_one(broker_url: str) -> None:
    """Also: identities differ, since a service takes a second message of one id for a redelivery of the first."""
    with desk_on(broker_url):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, broker_url],
            env={"PYTHONPATH": str(SUPPORT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.stdout, done.returncode) == ("fine\n", 0), done.stderr
