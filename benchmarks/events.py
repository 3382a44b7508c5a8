"""Events: persistent confirmed publishing, handling of a backlog, one event to many, beside nameko and kombu.

python benchmarks/events.py
python benchmarks/events.py --only svcgen,nameko --rounds 3
"""

from harness.contest import Contest, Variant, Work
from harness.environments import Environments
from harness.goals import Goal, judge
from harness.machine import describe, lines
from harness.node import rabbitmq_node
from harness.options import Options, parse
from harness.processes import script
from harness.report import Column, save, show
from harness.rounds import Samples, Value, cpu, p50, p99, per_second

ONE, MANY = Work("publish, 1 publisher", ("--callers", "1")), Work("publish, 200 publishers", ("--callers", "200"))
PUBLISHING = (ONE.name, MANY.name)
FAN_OUT = [Work(f"one event to {count}", ("--subscribers", str(count))) for count in (1, 10, 100)]
HANDLING = "handle a backlog"
BACKLOG = {"svcgen": 10_000, "nameko": 1_000}
"""Events to be handled for each two seconds that a measurement should last."""

PUBLISHERS = [
    Variant("svcgen-green", "svcgen", "svcgen_events.py", "green", None),
    Variant("svcgen-threads", "svcgen", "svcgen_events.py", "threads", None),
    Variant("svcgen-asyncio", "svcgen", "svcgen_events.py", "asyncio", None),
    Variant("nameko", "nameko", "nameko_events.py", "publish", None),
    Variant("kombu", "amqp", "kombu_events.py", "publish", None),
]
HANDLERS = [
    Variant("svcgen", "svcgen", "svcgen_events.py", "handle", None),
    Variant("nameko", "nameko", "nameko_events.py", "handle", None),
]
ANNOUNCERS = [
    Variant("svcgen", "svcgen", "svcgen_events.py", "fan-out", None),
    Variant("nameko", "nameko", "nameko_events.py", "fan-out", None),
]
COLUMNS = [
    Column("events/s", per_second, "{:,.0f}"),
    Column("p50 ms", p50, "{:.2f}"),
    Column("p99 ms", p99, "{:.2f}"),
    Column("process µs", cpu("client"), "{:.0f}"),
    Column("broker µs", cpu("broker"), "{:.0f}"),
]


def goals(samples: Samples) -> list[Goal]:
    """Return what events should reach."""

    def ratio(ours: str, theirs: str, work: str, value: Value = per_second) -> float | None:
        found = samples.ratio((ours, work), (theirs, work), value)
        return found and found.median

    return [
        Goal("publish-200-vs-nameko", ratio("svcgen-green", "nameko", MANY.name), ">= 8"),
        Goal("publish-200-vs-kombu", ratio("svcgen-green", "kombu", MANY.name), ">= 1"),
        Goal("publish-1-vs-nameko", ratio("svcgen-green", "nameko", ONE.name), ">= 1"),
        Goal("handle-vs-nameko", ratio("svcgen", "nameko", HANDLING), ">= 1"),
        Goal("one-to-100-p50-vs-nameko", ratio("svcgen", "nameko", FAN_OUT[-1].name, p50), "<= 1"),
    ]


def main() -> int:
    """Measure and print; return the exit code."""
    variants = list(dict.fromkeys(variant.name for variant in [*PUBLISHERS, *HANDLERS]))
    options = parse(__doc__ or "", variants=variants)
    environments = Environments(options.cache, installs=options.peers)
    with rabbitmq_node() as node:
        machine = describe(environments, ["svcgen", "nameko", "amqp"], node)
        print("\n".join(lines(machine)), flush=True)
        samples = Samples()
        with Contest(options, environments, node, PUBLISHERS) as contest:
            noise = [] if options.quick else [contest.noise(work) for work in (ONE, MANY)]
            samples.update(contest.rounds([ONE, MANY]))
        with Contest(options, environments, node, HANDLERS) as contest:
            samples.update(contest.rounds([], {name: backlog(options, count) for name, count in BACKLOG.items()}))
        with Contest(options, environments, node, ANNOUNCERS) as contest:
            samples.update(contest.rounds(FAN_OUT[:1] if options.quick else FAN_OUT))
    show(options, samples, COLUMNS, base="nameko")
    save(options, "Events", machine, [(samples, COLUMNS[0])], noise)
    return judge(goals(samples), is_quick=options.quick)


def backlog(options: Options, count: int) -> Work:
    """Return the work of handling what takes about as long as a measurement should."""
    return Work(HANDLING, ("--count", str(max(100, round(count * options.seconds / 200) * 100))))


if __name__ == "__main__":
    script(main)
