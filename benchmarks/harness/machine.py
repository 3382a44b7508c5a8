"""What a result says about where it was measured."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.environments import Environments


def describe(environments: Environments, peers: list[str], node: Any = None) -> dict[str, Any]:
    """Return date, processor, cores, kernel, load, versions of broker and peers, and the commit."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "load": [round(each, 2) for each in os.getloadavg()],
        "commit": _commit(),
        "broker": f"RabbitMQ {_broker_version(node)}" if node is not None else None,
        "peers": [environments.version(peer) for peer in peers if environments.has(peer)],
    }


def lines(machine: dict[str, Any]) -> list[str]:
    """Return it for a reader."""
    cores = f"{machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}, load {machine['load'][0]}"
    tested = ", ".join(filter(None, [machine["broker"], *machine["peers"]]))
    return [f"{machine['date']}, commit {machine['commit']}", cores, tested]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _broker_version(node: Any) -> str:
    return str(node.rabbitmqctl("version")).strip()


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
