"""Scale: more service processes, more services in one process, more idle clients; what each costs.

python benchmarks/scale.py
python benchmarks/scale.py --part clients
"""

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from harness.environments import Environments
from harness.goals import Goal, judge
from harness.machine import describe, lines
from harness.memory import available_mb, proportional_mb, resident_mb
from harness.node import rabbitmq_node
from harness.options import Options, parse
from harness.processes import START_SECONDS, Child, child, script
from harness.report import Column, save, show
from harness.rounds import Sample, Samples, per_second

PROCESSES, SERVICES, CLIENTS = "service processes", "services in one process", "idle clients"
COUNTS = {PROCESSES: (1, 2, 4), SERVICES: (1, 10, 50, 200), CLIENTS: (10, 100, 1_000, 10_000)}
QUICK = {PROCESSES: (1,), SERVICES: (1, 2), CLIENTS: (10,)}
CLIENTS_PER_PROCESS = 500
KEPT_FREE_MB = 1_500
"""Memory that must be left over: more clients than fit are not tried."""


def number(name: str) -> Any:
    """Return what reads a figure of a sample."""
    return lambda sample: float(sample[name])


LOAD_COLUMNS = [
    Column("calls/s", per_second, "{:,.0f}"),
    Column("RSS MB", number("rss_mb"), "{:,.0f}"),
    Column("connections", number("connections"), "{:,.0f}"),
    Column("channels", number("channels"), "{:,.0f}"),
]
SIZE_COLUMNS = [
    Column("ready ms", number("ready_ms"), "{:,.0f}"),
    Column("RSS MB", number("rss_mb"), "{:,.1f}"),
    Column("PSS MB", number("pss_mb"), "{:,.1f}"),
    Column("KB each", number("each_kb"), "{:,.0f}"),
    Column("connections", number("connections"), "{:,.0f}"),
    Column("channels", number("channels"), "{:,.0f}"),
    Column("broker MB", number("broker_mb"), "{:,.0f}"),
]


class Scale:
    """Measures on one node; memory and counts are differences to the node at rest."""

    def __init__(self, options: Options, environments: Environments, node: Any) -> None:
        self._options = options
        self._node = node
        self._python = environments.python("svcgen")
        self._paths = [environments.contract()]
        self._broker_mb = resident_mb(node.pid)

    def processes(self, count: int) -> Sample:
        """So many worker processes, called by two client processes with 50 calls in flight each."""
        url = self._node.fresh_vhost()
        arguments = ["svcgen_rpc.py", "futures", url, "--callers", "50", "--seconds", str(self._options.seconds)]
        with self._child("svcgen_rpc.py", "serve", url, "--processes", str(count)) as service:
            pids = service.line(START_SECONDS)["pids"]
            at_rest = self._counts()
            with self._child(*arguments) as first, self._child(*arguments) as second:
                found = [each.line(START_SECONDS + 2 * self._options.seconds) for each in (first, second)]
            return {
                "per_second": sum(each["per_second"] for each in found),
                "rss_mb": sum(map(resident_mb, pids)),
                **at_rest,
            }

    def services(self, count: int) -> Sample:
        """So many services in one process."""
        url = self._node.fresh_vhost()
        with self._child("svcgen_scale.py", "services", url, "--subscribers", str(count)) as process:
            said = process.line(START_SECONDS + 120)
            return self._sizes([process], count, said["ready_ms"])

    def clients(self, count: int) -> Sample | None:
        """So many clients, 500 in each process, beside one service; None where the machine has no room for them."""
        url = self._node.fresh_vhost()
        with contextlib.ExitStack() as stack:
            service = stack.enter_context(self._child("svcgen_rpc.py", "serve", url))
            service.line(START_SECONDS)
            before = self._counts()
            processes, ready_ms = [], 0.0
            for first in range(0, count, CLIENTS_PER_PROCESS):
                if (why := self._no_room(first)) is not None:
                    print(f"{count:,} clients do not fit this machine: after {first:,} {why}")
                    return None
                print(f"\r{first:,} of {count:,} clients ", end="", file=sys.stderr)
                share = str(min(CLIENTS_PER_PROCESS, count - first))
                processes.append(stack.enter_context(self._child("svcgen_scale.py", "clients", url, "--count", share)))
                ready_ms += processes[-1].line(START_SECONDS + 240)["ready_ms"]
            print("\r" + " " * 40 + "\r", end="", file=sys.stderr)
            found = self._sizes(processes, count, ready_ms)
            return {**found, **{name: found[name] - before[name] for name in before}}

    def _no_room(self, clients: int) -> str | None:
        if available_mb() < KEPT_FREE_MB:
            return f"there are {available_mb():,.0f} MB left"
        descriptors = len(os.listdir(f"/proc/{self._node.pid}/fd"))
        limit = _descriptor_limit(self._node.pid)
        if descriptors + CLIENTS_PER_PROCESS > 0.9 * limit:
            return f"the broker has {descriptors:,} of {limit:,} file descriptors open"
        return None

    def _sizes(self, processes: list[Child], count: int, ready_ms: float) -> Sample:
        rss = sum(resident_mb(process.pid) for process in processes)
        return {
            "ready_ms": ready_ms,
            "rss_mb": rss,
            "pss_mb": sum(proportional_mb(process.pid) for process in processes),
            "each_kb": rss * 1024 / count,
            "broker_mb": resident_mb(self._node.pid) - self._broker_mb,
            **self._counts(),
        }

    def _counts(self) -> dict[str, int]:
        said = self._node.rabbitmqctl(
            "eval", 'io:format("~p ~p", [length(rabbit_networking:connections()), length(rabbit_channel:list())]).'
        )
        connections, channels = said.split()[:2]
        return {"connections": int(connections), "channels": int(channels.removesuffix("ok"))}

    def _child(self, *arguments: str) -> contextlib.AbstractContextManager[Child]:
        return child(self._python, *arguments, paths=self._paths)


def goals(samples: Samples) -> list[Goal]:
    """Return what scale should not cost."""

    def figure(count: int, work: str, name: str) -> float | None:
        key = str(count), work
        return samples.spread(*key, number(name)).median if samples.has(*key) else None

    two = samples.ratio(("2", PROCESSES), ("1", PROCESSES), per_second)
    many = figure(200, SERVICES, "connections")
    per_client = figure(1_000, CLIENTS, "connections")
    return [
        Goal("2-processes-vs-1", two and two.median, ">= 1"),
        Goal("connections-of-200-services", many, "<= 2", ""),
        Goal("connections-of-a-client", per_client and per_client / 1_000, "<= 1", ""),
    ]


def main() -> int:
    """Measure and print; return the exit code."""
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--part", choices=["all", "processes", "services", "clients"], default="all")
    more.add_argument("--most-clients", type=int, default=10_000, help="the most idle clients to try (10000)")
    options = parse(__doc__ or "", variants=[], rounds=3, extend=more)
    environments = Environments(options.cache, installs=False)
    counts = dict(QUICK if options.quick else COUNTS)
    counts[CLIENTS] = tuple(count for count in counts[CLIENTS] if count <= options.more.most_clients)
    parts: list[tuple[Samples, Column]] = []
    with rabbitmq_node() as node:
        machine = describe(environments, ["svcgen"], node)
        print("\n".join(lines(machine)), flush=True)
        scale = Scale(options, environments, node)
        for part, work, measure, columns in (
            ("processes", PROCESSES, scale.processes, LOAD_COLUMNS),
            ("services", SERVICES, scale.services, SIZE_COLUMNS),
            ("clients", CLIENTS, scale.clients, SIZE_COLUMNS),
        ):
            if options.more.part in ("all", part):
                samples = rounds(options, counts[work], work, measure)
                show(options, samples, columns, base=str(counts[work][0]))
                parts.append((samples, columns[0]))
    save(options, "Scale", machine, parts)
    every = Samples()
    for samples, _ in parts:
        every.update(samples)
    return judge(goals(every), is_quick=options.quick)


def rounds(options: Options, counts: tuple[int, ...], work: str, measure: Any) -> Samples:
    """Measure every count in turn; those above a thousand once, for they take minutes."""
    samples = Samples()
    for turn in range(options.rounds):
        for count in counts:
            if (count <= 1_000 or turn == 0) and (sample := measure(count)) is not None:
                samples.add(str(count), work, sample)
    return samples


def _descriptor_limit(pid: int) -> int:
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith("Max open files"):
            return int(line.split()[3])
    raise LookupError("no limit of open files")


if __name__ == "__main__":
    script(main)
