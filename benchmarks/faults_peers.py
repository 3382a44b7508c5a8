"""Faults: what svcgen, nameko and FastStream do when the broker or a handler fails: lost, hung, doubled, recovered.

python benchmarks/faults_peers.py
python benchmarks/faults_peers.py --only svcgen,nameko --fault restart,alarm
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.environments import Environments
from harness.goals import Goal, judge
from harness.machine import describe, lines
from harness.node import rabbitmq_node
from harness.options import parse
from harness.pictures import bars
from harness.processes import START_SECONDS, Child, ProcessFailed, child, script
from harness.rounds import Spread
from harness.tables import table

PEERS = ("svcgen", "nameko", "faststream")
CALL_SECONDS = 3.0
WITHIN = 45.0
"""Seconds after which what has not ended hangs, and what has not come back is lost for good."""
FAILING, POISON = 1000, 2000
"""First of five numbers, of which the fourth is bad (peers/faults.py)."""


class Run:
    """One peer under one fault, on a node of its own.

    Args:
        ledger: file to which handlers write.
    """

    def __init__(self, environments: Environments, peer: str, node: Any, ledger: Path) -> None:
        self._python = environments.python(peer)
        self._script = f"faults_{peer}.py"
        self._paths = [environments.contract()] if peer == "svcgen" else []
        self.node = node
        self._ledger = ledger

    def child(self, role: str, *arguments: str) -> contextlib.AbstractContextManager[Child]:
        """Run a process of the peer."""
        return child(self._python, self._script, role, self.node.url, *arguments, paths=self._paths)

    @contextlib.contextmanager
    def service(self) -> Iterator[Child]:
        """Run the service, and start it again when it ends, as whoever supervises it would."""
        with self.child("serve") as running:
            running.line(START_SECONDS)
            yield running

    def handled(self) -> Counter[str]:
        """Return how often each thing was done."""
        return Counter(self._ledger.read_text().split() if self._ledger.exists() else [])

    def recovery(self) -> float | None:
        """Return after how many seconds a new client has an answer; None if it has none within the bound."""
        with self.child("probe") as prober:
            began = time.monotonic()
            try:
                prober.line(WITHIN)
                return float(prober.line(WITHIN)["answered_at"]) - began
            except ProcessFailed:
                return None

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition, at most so long."""
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.05)


def during_a_call(run: Run, fault: Callable[[], None]) -> dict[str, Any]:
    """Have a fault in the middle of a call."""
    with run.service():
        with run.child("call", "--seconds", str(CALL_SECONDS)) as caller:
            caller.line(START_SECONDS)
            run.wait_until(lambda: run.handled()["call"] > 0, WITHIN)
            fault()
            try:
                ended = caller.line(WITHIN)
                told = {"call": ended["outcome"], "call_s": round(ended["seconds"], 1)}
            except ProcessFailed:
                told = {"call": "hung", "call_s": None}
        return {**told, "recovered_s": run.recovery(), "ran": run.handled()["call"]}


def restart(run: Run) -> dict[str, Any]:
    """Kill -9 the broker in the middle of a call, and start it again."""
    return during_a_call(run, run.node.restart)


def freeze(run: Run) -> dict[str, Any]:
    """Stop the broker for twelve seconds in the middle of a call (SIGSTOP)."""

    def stand_still() -> None:
        with run.node.frozen():
            time.sleep(12)

    return during_a_call(run, stand_still)


def alarm(run: Run) -> dict[str, Any]:
    """Raise the memory alarm for four seconds in the middle of publishing."""
    with run.service(), run.child("publish", "--count", "1", "--seconds", "8") as publisher:
        publisher.line(START_SECONDS)
        time.sleep(1)
        run.node.rabbitmqctl("set_vm_memory_high_watermark", "0.0000001")
        time.sleep(4)
        run.node.rabbitmqctl("set_vm_memory_high_watermark", "0.4")
        try:
            told = publisher.line(WITHIN)
        except ProcessFailed:
            return {"sent": "hung"}
        wanted = {str(number) for number in told["sent"]}
        run.wait_until(lambda: wanted <= run.handled().keys(), WITHIN)
        handled = run.handled()
        return {
            "sent": len(wanted),
            "lost": len(wanted - handled.keys()),
            "doubled": sum(count - 1 for count in handled.values()),
            "errors": told["errors"],
        }


def bad_number(run: Run, first: int, restarts: int) -> dict[str, Any]:
    """Publish five numbers, the fourth of which is bad, and look on for twenty seconds."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(run.service())
        with run.child("publish", "--count", str(first), "--seconds", "0") as publisher:
            publisher.line(START_SECONDS)
            publisher.line(WITHIN)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if restarts and not service.is_running:
                restarts -= 1
                with contextlib.suppress(ProcessFailed):
                    service = stack.enter_context(run.service())
            time.sleep(0.1)
        handled = run.handled()
        queues = run.node.rabbitmqctl("list_queues", "name", "messages").splitlines()
        return {
            "bad ran": handled[str(first + 3)],
            "others handled": sum(
                1 for number in range(first, first + 5) if handled[str(number)] and number != first + 3
            ),
            "kept in": {name: int(count) for name, count in map(str.split, queues[1:]) if count != "0"},
        }


def failing(run: Run) -> dict[str, Any]:
    """Have a handler that always raises."""
    return bad_number(run, FAILING, 0)


def poison(run: Run) -> dict[str, Any]:
    """Have a handler that kills its process, which is started again up to ten times."""
    return bad_number(run, POISON, 10)


FAULTS = {"restart": restart, "freeze": freeze, "alarm": alarm, "failing": failing, "poison": poison}


def goals(found: dict[tuple[str, str], dict[str, Any]]) -> list[Goal]:
    """Return what svcgen must do under the faults."""

    def figure(fault: str, key: str) -> float | None:
        value = found.get((fault, "svcgen"), {}).get(key)
        return float(value) if isinstance(value, int | float) else None

    return [
        Goal("restart-recovered", figure("restart", "recovered_s"), "<= 10", " s"),
        Goal("restart-runs-of-the-call", figure("restart", "ran"), "<= 1", ""),
        Goal("freeze-runs-of-the-call", figure("freeze", "ran"), "<= 1", ""),
        Goal("alarm-lost", figure("alarm", "lost"), "<= 0", ""),
        Goal("failing-others-handled", figure("failing", "others handled"), ">= 4", ""),
        Goal("poison-others-handled", figure("poison", "others handled"), ">= 4", ""),
    ]


def main() -> int:
    """Run all faults and print; return the exit code."""
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--fault", default="", metavar="A,B", help=f"some of {', '.join(FAULTS)}")
    options = parse(__doc__ or "", variants=PEERS, rounds=1, extend=more)
    environments = Environments(options.cache, installs=options.peers)
    wanted = [each for each in options.more.fault.split(",") if each] or (
        ["failing"] if options.quick else list(FAULTS)
    )
    peers = [peer for peer in PEERS if options.wants(peer) and environments.has(peer)]
    machine = describe(environments, peers)
    print("\n".join(lines(machine)), flush=True)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for fault in wanted:
        for peer in peers:
            found[fault, peer] = one(environments, peer, FAULTS[fault])
            print(f"{fault}, {peer}: {found[fault, peer]}", file=sys.stderr, flush=True)
        print(f"\n{(FAULTS[fault].__doc__ or '').strip()}\n")
        keys = list(dict.fromkeys(key for peer in peers for key in found[fault, peer]))
        rows = [[peer, *(_shown(found[fault, peer].get(key)) for key in keys)] for peer in peers]
        print(table(["", *keys], rows, markdown=options.markdown), flush=True)
    print()
    if options.json:
        samples = [{"variant": peer, "work": fault, "rounds": [told]} for (fault, peer), told in found.items()]
        options.json.write_text(json.dumps({"machine": machine, "samples": samples}, indent=1) + "\n", encoding="utf-8")
    if options.svg:
        bars(options.svg, "Seconds to recover (none: not within the bound)", _recoveries(found))
    return judge(goals(found), is_quick=options.quick)


def one(environments: Environments, peer: str, fault: Callable[[Run], dict[str, Any]]) -> dict[str, Any]:
    """Run one fault against one peer, on a node of its own."""
    with tempfile.TemporaryDirectory() as folder, rabbitmq_node() as node:
        os.environ["LEDGER"] = str(Path(folder) / "ledger")
        return fault(Run(environments, peer, node, Path(folder) / "ledger"))


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "-"
    return f"not in {WITHIN:.0f} s" if value is None else str(value)


def _recoveries(found: dict[tuple[str, str], dict[str, Any]]) -> list[tuple[str, list[tuple[str, Spread]]]]:
    groups: dict[str, list[tuple[str, Spread]]] = {}
    for (fault, peer), told in found.items():
        seconds = told.get("recovered_s")
        if seconds is not None:
            groups.setdefault(fault, []).append((peer, Spread(seconds, seconds, seconds)))
    return list(groups.items())


if __name__ == "__main__":
    script(main)
