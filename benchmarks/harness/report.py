"""What a benchmark leaves behind: a table, and on demand JSON and a picture."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.options import Options
from harness.pictures import bars
from harness.rounds import Samples, Spread, Value
from harness.tables import table


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of the table: its heading, where it comes from, how it is written."""

    heading: str
    value: Value
    style: str


def show(options: Options, samples: Samples, columns: Sequence[Column], *, base: str) -> None:
    """Print a table for each work.

    Args:
        columns: the first one comes with its quartiles and the ratio to `base`.
        base: variant that the others are compared with.
    """
    for work in _works(samples):
        print(f"\n{work}, median of {options.rounds} rounds (quartiles)\n")
        print(table(*_rows(samples, work, columns, base), markdown=options.markdown), flush=True)
    print()


def save(
    options: Options,
    title: str,
    machine: dict[str, Any],
    parts: Sequence[tuple[Samples, Column]],
    noise: Sequence[Samples] = (),
) -> None:
    """Write the files that the options ask for.

    Args:
        title: of the picture.
        parts: samples, and the column that the picture shows of them.
        noise: samples of A/A runs, for the JSON file.
    """
    if options.json:
        found = {
            "machine": machine,
            "samples": [each for samples, _ in parts for each in samples.as_json()],
            "noise": [each for samples in noise for each in samples.as_json()],
        }
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.svg:
        groups = [
            (f"{work}: {column.heading}", _bars(samples, work, column))
            for samples, column in parts
            for work in _works(samples)
        ]
        bars(options.svg, f"{title}, {machine['date'][:10]}", groups)


def _works(samples: Samples) -> list[str]:
    return list(dict.fromkeys(work for _, work in samples.by_key))


def _rows(samples: Samples, work: str, columns: Sequence[Column], base: str) -> tuple[list[str], list[list[str]]]:
    first = columns[0]
    header = ["", first.heading, f"against {base}", *(column.heading for column in columns[1:])]
    rows = []
    for variant, its_work in samples.by_key:
        if its_work != work:
            continue
        ratio = samples.ratio((variant, work), (base, work), first.value)
        rows.append(
            [
                variant,
                _with_quartiles(samples.spread(variant, work, first.value), first.style),
                "-" if ratio is None else _with_quartiles(ratio, "{:.2f}"),
                *(_median(samples.spread(variant, work, column.value), column.style) for column in columns[1:]),
            ]
        )
    return header, rows


def _bars(samples: Samples, work: str, column: Column) -> list[tuple[str, Spread]]:
    keys = [variant for variant, its_work in samples.by_key if its_work == work]
    return [(variant, samples.spread(variant, work, column.value)) for variant in keys]


def _with_quartiles(found: Spread, style: str) -> str:
    return f"{style.format(found.median)} ({style.format(found.low)}-{style.format(found.high)})"


def _median(found: Spread, style: str) -> str:
    return "-" if math.isnan(found.median) else style.format(found.median)
