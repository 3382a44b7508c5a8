"""Compiling: schemas of 100 to 48,000 lines by svcgen, protoc (Python and gRPC), thriftpy2 and betterproto2.

python benchmarks/compile.py
python benchmarks/compile.py --only svcgen,protoc --rounds 3

thriftpy2 writes nothing: it loads the schema into the process, as its users do at every start. betterproto2 has two
minutes for a size and does not take part in greater ones after it has missed them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import schemas
from harness.environments import Environments
from harness.goals import Goal, judge
from harness.machine import describe, lines
from harness.options import Options, parse
from harness.processes import script
from harness.report import Column, save, show
from harness.rounds import Sample, Samples, Value

SIZES = (100, 1_600, 16_000, 48_000)
PEERS = ("svcgen", "protoc", "thriftpy2", "betterproto2")
UNCHANGED = "svcgen-unchanged"
ENVIRONMENT = {"svcgen": "svcgen", "protoc": "grpc", "thriftpy2": "thriftpy2", "betterproto2": "betterproto2"}
LONGEST = 120.0
"""Seconds after which a compiler is given up."""
LOAD = "import sys, thriftpy2; thriftpy2.load(sys.argv[1], module_name='big_thrift')"
COLUMNS = [
    Column("s", lambda sample: float(sample["s"]), "{:.2f}"),
    Column("CPU s", lambda sample: float(sample["cpu_s"]), "{:.2f}"),
    Column("peak MB", lambda sample: float(sample["mb"]), "{:.0f}"),
]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where the schemas lie, and who compiles them."""

    folder: Path
    environments: Environments

    def write(self) -> None:
        """Write every schema in every language."""
        for size in SIZES:
            for suffix, text in (("idl", schemas.idl), ("proto", schemas.proto), ("thrift", schemas.thrift)):
                (self.folder / f"big{size}.{suffix}").write_text(text(size), encoding="utf-8")

    def command(self, peer: str, size: int, out: Path) -> list[str]:
        """Return the command line that compiles a schema."""
        python = self.environments.python(ENVIRONMENT[peer])
        proto = [f"-I{self.folder}", str(self.folder / f"big{size}.proto")]
        match peer:
            case "protoc":
                outputs = [f"--python_out={out}", f"--grpc_python_out={out}"]
                return [python, "-m", "grpc_tools.protoc", *outputs, *proto]
            case "betterproto2":
                return [python, "-m", "grpc_tools.protoc", f"--python_betterproto2_out={out}", *proto]
            case "thriftpy2":
                return [python, "-c", LOAD, str(self.folder / f"big{size}.thrift")]
            case _:
                svcgen = str(Path(python).parent / "svcgen")
                return [svcgen, "compile", str(self.folder / f"big{size}.idl"), "--out", str(out)]

    def cold(self, peer: str, size: int) -> Sample | None:
        """Compile into an empty folder, without anything kept from before; None if it takes too long or fails."""
        with tempfile.TemporaryDirectory() as name:
            variables = {"SVCGEN_CACHE_DIR": f"{name}/cache", "PATH": self._path(peer)}
            (Path(name) / "out").mkdir()
            return _run(self.command(peer, size, Path(name) / "out"), variables)

    def unchanged(self, size: int) -> Sample | None:
        """Compile what was compiled before."""
        out = self.folder / f"kept{size}"
        variables = {"SVCGEN_CACHE_DIR": str(self.folder / "cache"), "PATH": self._path("svcgen")}
        if not out.exists():
            _run(self.command("svcgen", size, out), variables)
        return _run(self.command("svcgen", size, out), variables)

    def _path(self, peer: str) -> str:
        # protoc looks for its plug-ins there.
        return f"{Path(self.environments.python(ENVIRONMENT[peer])).parent}{os.pathsep}{os.environ['PATH']}"


def _run(command: list[str], variables: dict[str, str]) -> Sample | None:
    """Run a command; return its wall time, CPU time and peak memory."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = began + LONGEST
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.perf_counter() > deadline:
            process.kill()
            os.wait4(process.pid, 0)
            process.returncode = -9
            return None
        time.sleep(0.001)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return None
    return {"s": took, "cpu_s": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024}


def measure(options: Options, bench: Bench) -> Samples:
    """Run all rounds."""
    samples = Samples()
    given_up: set[str] = set()
    for number in range(options.rounds):
        for size in SIZES[:2] if options.quick else SIZES:
            turns: list[tuple[str, Callable[[], Sample | None]]] = [
                (peer, lambda peer=peer, size=size: bench.cold(peer, size))  # type: ignore[misc]
                for peer in PEERS
                if options.wants(peer) and bench.environments.has(ENVIRONMENT[peer])
            ]
            if options.wants("svcgen"):
                turns.append((UNCHANGED, lambda size=size: bench.unchanged(size)))  # type: ignore[misc]
            for name, turn in turns:
                if name in given_up:
                    continue
                print(f"\rround {number + 1}: {size:,} lines, {name:<20}", end="", file=sys.stderr)
                sample = turn()
                if sample is None:
                    given_up.add(name)
                    print(f"\n{name} did not compile {size:,} lines within {LONGEST:.0f} s", file=sys.stderr)
                else:
                    samples.add(name, work(size), sample)
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return samples


def work(size: int) -> str:
    """Return what the tables call a size."""
    return f"{size:,} lines"


def noise(options: Options, bench: Bench) -> None:
    """Run svcgen against itself."""
    samples = Samples()
    for _ in range(options.rounds):
        for side in "AB":
            sample = bench.cold("svcgen", SIZES[1])
            assert sample is not None
            samples.add(side, work(SIZES[1]), sample)
    key = work(SIZES[1])
    print(f"noise floor: svcgen against itself, {key}: {samples.ratio(('B', key), ('A', key), seconds)}", flush=True)


def seconds(sample: Sample) -> float:
    """Return the wall time."""
    return float(sample["s"])


def goals(samples: Samples) -> list[Goal]:
    """Return what compiling should reach."""

    def ratio(ours: tuple[str, int], theirs: tuple[str, int], value: Value = seconds) -> float | None:
        found = samples.ratio((ours[0], work(ours[1])), (theirs[0], work(theirs[1])), value)
        return found and found.median

    small, middle, large, huge = SIZES
    reached = [
        Goal("100-lines-vs-protoc", ratio(("svcgen", small), ("protoc", small)), "<= 3"),
        Goal("16000-lines-vs-protoc", ratio(("svcgen", large), ("protoc", large)), "<= 3"),
        Goal("16000-lines-vs-thriftpy2", ratio(("svcgen", large), ("thriftpy2", large)), "<= 1"),
        Goal("unchanged-1600-lines", ratio((UNCHANGED, middle), ("svcgen", middle)), "<= 0.4"),
        Goal("unchanged-16000-lines", ratio((UNCHANGED, large), ("svcgen", large)), "<= 0.4"),
        Goal("peak-memory-48000-vs-thriftpy2", ratio(("svcgen", huge), ("thriftpy2", huge), megabytes), "<= 1"),
    ]
    growth = ratio(("svcgen", huge), ("svcgen", large))
    # Three times the lines, where 4.6 is the limit for four times: 4.6 ** (log 3 / log 4).
    reached.append(Goal("growth-16000-to-48000", growth, "<= 3.35"))
    if samples.has("betterproto2", work(large)):
        reached.append(Goal("16000-lines-vs-betterproto2", ratio(("svcgen", large), ("betterproto2", large)), "<= 1"))
    return reached


def megabytes(sample: Sample) -> float:
    """Return the peak memory."""
    return float(sample["mb"])


def main() -> int:
    """Measure and print; return the exit code."""
    options = parse(__doc__ or "", variants=[*PEERS, UNCHANGED])
    environments = Environments(options.cache, installs=options.peers)
    machine: dict[str, Any] = describe(environments, [ENVIRONMENT[peer] for peer in PEERS], None)
    print("\n".join(lines(machine)), flush=True)
    folder = Path(tempfile.mkdtemp(prefix="svcgen-compile-"))
    try:
        bench = Bench(folder, environments)
        bench.write()
        if not options.quick:
            noise(options, bench)
        samples = measure(options, bench)
    finally:
        shutil.rmtree(folder)
    show(options, samples, COLUMNS, base="protoc")
    save(options, "Compiling", machine, [(samples, COLUMNS[0])])
    return judge(goals(samples), is_quick=options.quick)


if __name__ == "__main__":
    script(main)
