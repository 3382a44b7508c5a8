"""Tables on the terminal and as Markdown."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool = False) -> str:
    """Return a table; the first column is text, the others are aligned to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [_line(row, widths, markdown=markdown) for row in [header, *rows]]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, _line(rule, widths, markdown=True) if markdown else "-" * len(lines[0]))
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int], *, markdown: bool) -> str:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
    return f"| {' | '.join(cells)} |" if markdown else "  ".join(cells)
