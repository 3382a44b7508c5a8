"""Waiting for what a command does outside of its own output."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import waiting
from cli_process import SECONDS, Running, run_command


def wait_for(condition: Callable[[], object]) -> None:
    """Poll until it holds."""
    waiting.wait_until(condition, within=SECONDS)


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        os.kill(pid, 0)
        # A process whose parent was killed stays a zombie where nobody reaps it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def serving(run: Running, processes: int = 1) -> Running:
    """Wait until the greeter runs in so many worker processes."""
    run.wait_for(r"(?s)" + r"acme\.greeter\.v1\.Greeter is running.*?" * processes)
    return run


def whoami(folder: Path) -> int:
    """Return the process id of a worker of the greeter."""
    answer = run_command(folder, "call", "Greeter.whoami", "text=")
    assert answer.returncode == 0, answer.stderr
    return int(answer.stdout)


def children(pid: int) -> set[int]:
    """Return the worker processes of a supervisor."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"svcrt.cli.worker_process" in (process / "cmdline").read_bytes():
                found.add(int(process.name))
        except (ProcessLookupError, FileNotFoundError):
            continue
    return found


def page(run: Running, path: str, method: str = "GET") -> tuple[int, Any]:
    """Return the status and the body of a page of the run's admin port."""
    address = run.wait_for(r"admin +(http://\S+) \(").group(1)
    try:
        with urllib.request.urlopen(urllib.request.Request(address + path, method=method), timeout=SECONDS) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")
