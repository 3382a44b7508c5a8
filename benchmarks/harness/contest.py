"""A contest: servers that stay, clients that take turns in rounds, and first of all one of them against itself."""

import contextlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from harness.environments import Environments
from harness.options import Options
from harness.processes import START_SECONDS, Child, child
from harness.rounds import Sample, Samples, Value, per_second


@dataclass(frozen=True, slots=True)
class Work:
    """What clients do.

    Attributes:
        name: as the tables have it.
        arguments: of the client process.
    """

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to do it.

    Attributes:
        name: as the tables and `--only` have it.
        peer: whose environment it runs in.
        script: in peers/.
        role: of the client process.
        server: role of the server process, None if there is none. Variants with equal scripts and roles share one.
        works: names of the works that it can do; empty for all.
    """

    name: str
    peer: str
    script: str
    role: str = "call"
    server: str | None = "serve"
    works: tuple[str, ...] = ()

    def does(self, work: Work) -> bool:
        """Whether it takes part in it."""
        return not self.works or work.name in self.works


class Contest:
    """Starts what the variants need, and measures. Use it as a context manager.

    Args:
        node: a running RabbitMQ node.
        server_arguments: more arguments of every server.
    """

    def __init__(
        self,
        options: Options,
        environments: Environments,
        node: Any,
        variants: Sequence[Variant],
        *,
        server_arguments: Sequence[str] = (),
    ) -> None:
        self._options = options
        self._environments = environments
        self._node = node
        self._server_arguments = tuple(server_arguments)
        self._contract = environments.contract()
        self._stack = contextlib.ExitStack()
        self._servers: dict[tuple[str, str], tuple[str, list[int]]] = {}
        self.variants = [
            variant for variant in variants if options.wants(variant.name) and environments.has(variant.peer)
        ]

    def __enter__(self) -> Self:
        with self._stack:
            for variant in self.variants:
                self._serve(variant)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def measure(self, variant: Variant, work: Work) -> Sample:
        """Run one client process and return what it measured."""
        if variant.server is None:
            # What an earlier client has left in durable queues would get the messages of this one, too.
            url, pids = self._node.fresh_vhost(), []
        else:
            url, pids = self._servers[variant.script, variant.server]
        seconds = self._options.seconds
        arguments = [variant.script, variant.role, url, *work.arguments, "--seconds", str(seconds)]
        arguments += ["--watch", f"broker={self._node.pid}"]
        if pids:
            arguments += ["--watch", f"service={','.join(map(str, pids))}"]
        with child(self._environments.python(variant.peer), *arguments, paths=self._paths(variant)) as client:
            return client.line(START_SECONDS + 3 * seconds)

    def noise(self, work: Work, value: Value = per_second) -> Samples:
        """Run the last variant that does the work, the plainest, against itself, and print how far the two differ."""
        variant = [each for each in self.variants if each.does(work)][-1]
        samples = Samples()
        for _ in range(self._options.rounds):
            for side in "AB":
                samples.add(side, work.name, self.measure(variant, work))
        ratio = samples.ratio(("B", work.name), ("A", work.name), value)
        print(f"noise floor: {variant.name} against itself, {work.name}: {ratio}", flush=True)
        return samples

    def rounds(self, works: Sequence[Work], own: Mapping[str, Work] | None = None) -> Samples:
        """Run all rounds: in each one every variant does every work.

        Args:
            works: for all.
            own: by variant, a work whose arguments differ between variants.
        """
        samples = Samples()
        for number in range(self._options.rounds):
            turns = [(variant, work) for work in works for variant in self.variants if variant.does(work)]
            turns += [(variant, own[variant.name]) for variant in self.variants if own and variant.name in own]
            for variant, work in turns:
                print(f"\rround {number + 1}: {work.name}, {variant.name:<30}", end="", file=sys.stderr)
                samples.add(variant.name, work.name, self.measure(variant, work))
        print("\r" + " " * 70 + "\r", end="", file=sys.stderr)
        return samples

    def _serve(self, variant: Variant) -> None:
        key = variant.script, variant.server
        if variant.server is None or key in self._servers:
            return
        url = self._node.fresh_vhost()
        arguments = [variant.script, variant.server, url, *self._server_arguments]
        python = self._environments.python(variant.peer)
        server: Child = self._stack.enter_context(child(python, *arguments, paths=self._paths(variant)))
        said = server.line(START_SECONDS)
        self._servers[key] = said.get("url", url), said["pids"]

    def _paths(self, variant: Variant) -> list[Path]:
        return [self._contract] if variant.peer == "svcgen" else []
