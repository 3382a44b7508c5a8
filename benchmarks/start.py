"""Start: from the command to the first answered call, an idle service's memory, and how long commands take.

python benchmarks/start.py
python benchmarks/start.py --only svcgen,nameko --rounds 3
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.environments import HERE, PEERS, Environments
from harness.goals import Goal, judge
from harness.machine import describe, lines
from harness.memory import family, proportional_mb, resident_mb
from harness.node import rabbitmq_node
from harness.options import Options, parse
from harness.processes import START_SECONDS, child, environment, script
from harness.report import Column, save, show
from harness.rounds import Sample, Samples

SERVICE, COMMAND = "service", "command"
HELLO = HERE.parent / "generated_examples" / "hello" / "hello.idl"
RUNS: dict[str, list[str]] = {
    "svcgen": ["-m", "svcgen", "run", "svcgen_services:Echo", "--no-http", "--broker"],
    "nameko": ["{bin}/nameko", "run", "nameko_echo", "--broker"],
    "faststream": ["{bin}/faststream", "run", "faststream_echo:app"],
}
SERVICE_COLUMNS = [
    Column("first answer ms", lambda sample: float(sample["ms"]), "{:,.0f}"),
    Column("processes", lambda sample: float(sample["processes"]), "{:.0f}"),
    Column("RSS MB", lambda sample: float(sample["rss_mb"]), "{:.0f}"),
    Column("PSS MB", lambda sample: float(sample["pss_mb"]), "{:.0f}"),
]
COMMAND_COLUMNS = [Column("ms", lambda sample: float(sample["ms"]), "{:,.1f}")]


def first_answer(environments: Environments, peer: str, url: str) -> Sample:
    """Start a service as a user does; measure until a client that waits has its first answer, then the memory."""
    python = environments.python(peer)
    contract = [environments.contract()] if peer == "svcgen" else []
    folder = str(Path(python).parent)
    command = [python, *(part.format(bin=folder) for part in RUNS[peer])]
    paths = os.pathsep.join(map(str, [*contract, PEERS]))
    with child(python, f"{peer}_rpc.py", "probe", url, paths=contract) as prober:
        prober.line(START_SECONDS)
        began = time.monotonic()
        service = subprocess.Popen(
            [*command, url] if command[-1] == "--broker" else command,
            cwd=PEERS,
            env=environment({"PYTHONPATH": paths, "BROKER_URL": url}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            answered = prober.line(START_SECONDS)["answered_at"]
            pids = family(service.pid)
            return {
                "ms": (answered - began) * 1e3,
                "processes": len(pids),
                "rss_mb": sum(map(resident_mb, pids)),
                "pss_mb": sum(map(proportional_mb, pids)),
            }
        finally:
            service.terminate()
            service.wait(START_SECONDS)


def commands(environments: Environments, folder: Path) -> dict[str, Callable[[], None]]:
    """Return what is timed, by name."""
    svcgen = str(Path(sys.executable).parent / "svcgen")
    out = folder / "out"

    def run(*command: str) -> Callable[[], None]:
        return lambda: _run(*command)

    def compile_cold() -> None:
        _run(svcgen, "compile", str(HELLO), "--out", str(out))

    found = {
        "python -c pass": run(sys.executable, "-c", "pass"),
        "svcgen --help": run(svcgen, "--help"),
        "svcgen run --help": run(svcgen, "run", "--help"),
        "svcgen compile hello.idl, cold": compile_cold,
        "svcgen compile hello.idl, unchanged": run(svcgen, "compile", str(HELLO), "--out", str(folder / "kept")),
    }
    for peer in filter(environments.has, ("nameko", "faststream")):
        found[f"{peer} --help"] = run(str(Path(environments.python(peer)).parent / peer), "--help")
    return found


def measure_commands(options: Options, environments: Environments, samples: Samples) -> None:
    """Time every command in turn, ten times a round."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timed = commands(environments, folder)
        timed["svcgen compile hello.idl, unchanged"]()
        for _ in range(options.rounds):
            taken: dict[str, list[float]] = {each: [] for each in timed}
            for _ in range(1 if options.quick else 10):
                for each, function in timed.items():
                    shutil.rmtree(folder / "out", ignore_errors=True)
                    began = time.perf_counter()
                    function()
                    taken[each].append(time.perf_counter() - began)
            for each, values in taken.items():
                samples.add(each, COMMAND, {"ms": sorted(values)[len(values) // 2] * 1e3})


def measure_services(options: Options, environments: Environments, node: Any, samples: Samples) -> None:
    """Start every peer in turn."""
    for _ in range(options.rounds):
        for peer in RUNS:
            if options.wants(peer) and environments.has(peer):
                samples.add(peer, SERVICE, first_answer(environments, peer, node.fresh_vhost()))


def noise(options: Options) -> None:
    """Time the bare interpreter against itself."""
    samples = Samples()
    for _ in range(options.rounds):
        for side in "AB":
            began = time.perf_counter()
            for _ in range(10):
                _run(sys.executable, "-c", "pass")
            samples.add(side, COMMAND, {"ms": (time.perf_counter() - began) * 100})
    print(
        f"noise floor: python -c pass against itself: {samples.ratio(('B', COMMAND), ('A', COMMAND), _ms)}", flush=True
    )


def goals(samples: Samples) -> list[Goal]:
    """Return what a start should reach."""

    def ratio(ours: str, theirs: str, work: str, key: str = "ms") -> float | None:
        found = samples.ratio((ours, work), (theirs, work), lambda sample: float(sample[key]))
        return found and found.median

    return [
        Goal("help-vs-bare-python", ratio("svcgen --help", "python -c pass", COMMAND), "<= 5"),
        Goal("first-answer-vs-nameko", ratio("svcgen", "nameko", SERVICE), "<= 1"),
        Goal("idle-rss-vs-nameko", ratio("svcgen", "nameko", SERVICE, "rss_mb"), "<= 1"),
    ]


def main() -> int:
    """Measure and print; return the exit code."""
    options = parse(__doc__ or "", variants=list(RUNS))
    environments = Environments(options.cache, installs=options.peers)
    with rabbitmq_node() as node:
        machine = describe(environments, ["svcgen", "nameko", "faststream"], node)
        print("\n".join(lines(machine)), flush=True)
        if not options.quick:
            noise(options)
        services, timed = Samples(), Samples()
        measure_services(options, environments, node, services)
    measure_commands(options, environments, timed)
    show(options, services, SERVICE_COLUMNS, base="nameko")
    show(options, timed, COMMAND_COLUMNS, base="python -c pass")
    save(options, "Start", machine, [(services, SERVICE_COLUMNS[0]), (timed, COMMAND_COLUMNS[0])])
    services.update(timed)
    return judge(goals(services), is_quick=options.quick)


def _ms(sample: Sample) -> float:
    return float(sample["ms"])


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    script(main)
