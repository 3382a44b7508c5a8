"""Calls: an echo of a small typed struct by svcgen, everything on, beside raw py-amqp, nameko, FastStream and gRPC.

    python benchmarks/rpc.py
    python benchmarks/rpc.py --only svcgen,raw --rounds 3
    python benchmarks/rpc.py --only svcgen-green --seconds 5

`--only svcgen` means every client of svcgen. The last part, overload, can be had alone: `--part overload`.
"""

import argparse
from typing import Any

from harness.contest import Contest, Variant, Work
from harness.environments import Environments
from harness.goals import Goal, judge
from harness.machine import describe, lines
from harness.node import rabbitmq_node
from harness.options import Options, parse
from harness.overload import goals as overload_goals
from harness.overload import overload
from harness.processes import script
from harness.report import Column, save, show
from harness.rounds import Samples, Value, cpu, p50, p99, per_second, python_cpu

ONE, FIFTY = Work("1 caller", ("--callers", "1")), Work("50 in flight", ("--callers", "50"))
VARIANTS = [
    Variant("svcgen-green", "svcgen", "svcgen_rpc.py", "green"),
    Variant("svcgen-threads", "svcgen", "svcgen_rpc.py", "threads"),
    Variant("svcgen-futures", "svcgen", "svcgen_rpc.py", "futures", works=(FIFTY.name,)),
    Variant("svcgen-asyncio", "svcgen", "svcgen_rpc.py", "asyncio"),
    Variant("nameko", "nameko", "nameko_rpc.py"),
    Variant("faststream", "faststream", "faststream_rpc.py"),
    Variant("grpc-threads", "grpc", "grpc_rpc.py"),
    Variant("grpc-futures", "grpc", "grpc_rpc.py", "futures", works=(FIFTY.name,)),
    Variant("raw", "amqp", "raw_rpc.py"),
]
COLUMNS = [
    Column("calls/s", per_second, "{:,.0f}"),
    Column("p50 ms", p50, "{:.2f}"),
    Column("p99 ms", p99, "{:.2f}"),
    Column("client µs", cpu("client"), "{:.0f}"),
    Column("service µs", cpu("service"), "{:.0f}"),
    Column("both µs", python_cpu, "{:.0f}"),
    Column("broker µs", cpu("broker"), "{:.0f}"),
]


def goals(samples: Samples) -> list[Goal]:
    """Return what calls should reach."""

    def ratio(ours: str, theirs: str, work: Work, value: Value) -> float | None:
        found = samples.ratio((ours, work.name), (theirs, work.name), value)
        return found and found.median

    cpu_each = (
        samples.spread("svcgen-green", FIFTY.name, python_cpu).median
        if samples.has("svcgen-green", FIFTY.name)
        else None
    )
    grpc = [
        found for each in ("grpc-threads", "grpc-futures") if (found := ratio("svcgen-green", each, FIFTY, per_second))
    ]
    return [
        Goal("sequential-p50-vs-raw", ratio("svcgen-green", "raw", ONE, p50), "<= 0.75"),
        Goal("sequential-p50-vs-nameko", ratio("svcgen-green", "nameko", ONE, p50), "<= 0.23"),
        Goal("sequential-p50-vs-grpc", ratio("svcgen-green", "grpc-threads", ONE, p50), "<= 0.85"),
        Goal("50-in-flight-vs-raw", ratio("svcgen-green", "raw", FIFTY, per_second), ">= 5"),
        Goal("50-in-flight-vs-nameko", ratio("svcgen-green", "nameko", FIFTY, per_second), ">= 30"),
        Goal("50-in-flight-vs-grpc", min(grpc, default=None), ">= 6"),
        Goal("python-cpu-per-call", cpu_each, "<= 45", " µs"),
        Goal("50-threads-vs-raw", ratio("svcgen-threads", "raw", FIFTY, per_second), ">= 2.5"),
        Goal("50-threads-vs-grpc", ratio("svcgen-threads", "grpc-threads", FIFTY, per_second), ">= 3"),
    ]


def main() -> int:
    """Measure and print; return the exit code."""
    options = arguments()
    environments = Environments(options.cache, installs=options.peers)
    with rabbitmq_node() as node:
        machine = describe(environments, list(dict.fromkeys(variant.peer for variant in VARIANTS)), node)
        print("\n".join(lines(machine)), flush=True)
        reached: list[Goal] = []
        if options.more.part in ("all", "rounds"):
            reached += goals(compare(options, environments, node, machine))
        if options.more.part in ("all", "overload"):
            reached += overload_goals(overload(environments, node, options.seconds))
    return judge(reached, is_quick=options.quick)


def compare(options: Options, environments: Environments, node: Any, machine: dict[str, Any]) -> Samples:
    """Measure all variants in turn and write the report."""
    workers = ["--workers", str(options.more.workers)]
    with Contest(options, environments, node, VARIANTS, server_arguments=workers) as contest:
        noise = [] if options.quick else [contest.noise(work) for work in (ONE, FIFTY)]
        samples = contest.rounds([ONE, FIFTY])
    show(options, samples, COLUMNS, base="raw")
    save(options, "Calls", machine, [(samples, COLUMNS[0])], noise)
    return samples


def arguments() -> Options:
    """Read the command line."""
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--part", choices=["all", "rounds", "overload"], default="all", help="what to measure (all)")
    more.add_argument("--workers", type=int, default=50, help="workers, and so prefetch, of every service (50)")
    return parse(__doc__ or "", variants=[variant.name for variant in VARIANTS], extend=more)


if __name__ == "__main__":
    script(main)
