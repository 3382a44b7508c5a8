"""The command line that all benchmarks have."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.environments import DEFAULT_CACHE


@dataclass(slots=True)
class Options:
    """See the help of `parse`."""

    rounds: int
    seconds: float
    only: list[str]
    quick: bool
    peers: bool
    cache: Path
    json: Path | None
    svg: Path | None
    markdown: bool
    more: argparse.Namespace

    def wants(self, name: str) -> bool:
        """Whether a variant is to be run."""
        return not self.only or name in self.only or any(name.startswith(f"{each}-") for each in self.only)


def parse(
    doc: str,
    *,
    variants: Sequence[str],
    rounds: int = 5,
    seconds: float = 2.0,
    extend: argparse.ArgumentParser | None = None,
) -> Options:
    """Read the command line of a benchmark.

    Args:
        doc: its module's docstring.
        variants: the names that `--only` takes.
        rounds: how many rounds if nothing is said.
        seconds: how long each measurement lasts if nothing is said.
        extend: parser with further arguments, made with `add_help=False`.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0], parents=[extend] if extend else [])
    parser.add_argument("--rounds", type=int, help=f"rounds, in each of which everything takes its turn ({rounds})")
    parser.add_argument("--seconds", type=float, help=f"length of one measurement ({seconds:g})")
    parser.add_argument("--only", default="", metavar="A,B", help=f"some of {', '.join(variants)}")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it runs; judges nothing")
    parser.add_argument("--peers", action="store_true", help="with --quick: install peers that are missing")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where the peers' environments are kept")
    parser.add_argument("--json", type=Path, help="write every sample to this file")
    parser.add_argument("--svg", type=Path, help="write a picture to this file")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    given = parser.parse_args()
    only = [each for each in given.only.split(",") if each]
    unknown = [each for each in only if not any(name == each or name.startswith(f"{each}-") for name in variants)]
    if unknown:
        parser.error(f"--only {','.join(unknown)}: there are {', '.join(variants)}")
    return Options(
        rounds=given.rounds or (1 if given.quick else rounds),
        seconds=given.seconds or (0.2 if given.quick else seconds),
        only=only,
        quick=given.quick,
        peers=given.peers or not given.quick,
        cache=given.cache,
        json=given.json,
        svg=given.svg,
        markdown=given.markdown,
        more=given,
    )
