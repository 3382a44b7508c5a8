"""Every benchmark still runs, in its short form, with svcgen alone: it ends with its goals and judges none of them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SECONDS = 240.0
GOAL = re.compile(r"goal [a-z0-9-]+: \S+( \S+)? \(want (<=|>=) \S+( \S+)?\) (met|missed|not measured)")
SCRIPTS = sorted(script.name for script in BENCHMARKS.glob("*.py") if script.name != "codec.py")


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 10)
@pytest.mark.rabbitmq
@pytest.mark.parametrize("script", SCRIPTS)
def test_it_runs_and_ends_with_its_goals(script: str, tmp_path: Path) -> None:
    results = tmp_path / "results.json", tmp_path / "picture.svg"
    done = subprocess.run(
        [
            sys.executable,
            script,
            "--quick",
            "--cache",
            str(tmp_path),
            "--json",
            str(results[0]),
            "--svg",
            str(results[1]),
        ],
        cwd=BENCHMARKS,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    last = [line for line in done.stdout.splitlines() if line.startswith("goal ")]
    assert last, done.stdout
    assert done.stdout.rstrip().endswith(last[-1])
    assert all(GOAL.fullmatch(line) for line in last), last
    samples = json.loads(results[0].read_text(encoding="utf-8"))["samples"]
    assert samples
    assert all(each["rounds"] for each in samples)
    assert results[1].read_text(encoding="utf-8").startswith("<svg")
