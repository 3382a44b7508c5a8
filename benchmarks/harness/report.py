"""What a benchmark leaves behind: a table, and on demand JSON and a picture."""

import json
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


def write(
    options: Options,
    title: str,
    machine: dict[str, Any],
    samples: Samples,
    columns: Sequence[Column],
    *,
    base: str,
    noise: Sequence[Samples] = (),
) -> None:
    """Print the table, and write what the options ask for.

    Args:
        title: of the picture, which shows the first column.
        columns: the first one comes with its quartiles and the ratio to `base`.
        base: variant that the others are compared with.
        noise: samples of A/A runs, for the JSON file.
    """
    works = list(dict.fromkeys(work for _, work in samples.by_key))
    for work in works:
        print(f"\n{work}, median of {options.rounds} rounds (quartiles)\n")
        print(table(*_rows(samples, work, columns, base), markdown=options.markdown), flush=True)
    print()
    if options.json:
        found = {"machine": machine, "samples": samples.as_json(), "noise": [each.as_json() for each in noise]}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.svg:
        bars(
            options.svg,
            f"{title}, {machine['date'][:10]}",
            [(work, _bars(samples, work, columns[0])) for work in works],
        )


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
                *(column.style.format(samples.spread(variant, work, column.value).median) for column in columns[1:]),
            ]
        )
    return header, rows


def _bars(samples: Samples, work: str, column: Column) -> list[tuple[str, Spread]]:
    keys = [variant for variant, its_work in samples.by_key if its_work == work]
    return [(variant, samples.spread(variant, work, column.value)) for variant in keys]


def _with_quartiles(found: Spread, style: str) -> str:
    return f"{style.format(found.median)} ({style.format(found.low)}-{style.format(found.high)})"
